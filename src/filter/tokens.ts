import { FilterError } from "./error.ts";

export type Token = { kind: "word" | "string" | "comparison" | "(" | ")"; text: string; at: number; end: number };

/** A quoted part may stand in a word: span."a key with spaces". */
const QUOTED = String.raw`"(?:[^"\\]|\\.)*"`;
const TOKEN = new RegExp(
  String.raw`\s*(?:(?<comparison>=~|!~|!=|<=|>=|=|<|>)|(?<bracket>[()])|(?<string>${QUOTED})|(?<word>(?:[^\s()=!<>~"]|${QUOTED})+))`,
  "y",
);

/** Throws FilterError for a quote that is not closed and for what is no token. */
export function tokens_of(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [end, { comparison, bracket, string, word }] = [TOKEN.lastIndex, match.groups ?? {}];
    const found = comparison ?? bracket ?? string ?? word;
    const kind = comparison !== undefined ? "comparison" : string !== undefined ? "string" : "word";
    tokens.push({
      kind: bracket === undefined ? kind : (bracket as "(" | ")"),
      text: found,
      at: end - found.length,
      end,
    });
  }
  const rest_at = tokens.at(-1)?.end ?? 0;
  const rest = text.slice(rest_at);
  if (rest.trim() === "") return tokens;
  const at = rest_at + rest.length - rest.trimStart().length;
  const what =
    text[at] === '"' ? "a quote that is not closed" : `${JSON.stringify(text[at])}, which means nothing here`;
  throw new FilterError(`found ${what}`, at, text.length);
}

/** What a quoted string says. */
export function unquoted({ text, at, end }: Token): string {
  try {
    return String(JSON.parse(text));
  } catch {
    throw new FilterError(`${text} is not a string as JSON has it`, at, end);
  }
}
