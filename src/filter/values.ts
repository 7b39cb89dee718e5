import { type Comparison, type FilterValue, INTRINSICS, type IntrinsicName, type SpanField } from "./types.ts";
import { FilterError } from "./error.ts";
import { nearest } from "./nearest.ts";
import { type Token, unquoted } from "./tokens.ts";

/** Fields that have one of a few words. */
export const WORDS: Partial<Record<IntrinsicName, readonly string[]>> = {
  kind: ["internal", "server", "client", "producer", "consumer", "unspecified"],
  status: ["unset", "ok", "error"],
};

/** Ids match in either case. */
const IDS: ReadonlySet<IntrinsicName> = new Set(["trace", "span", "parent"]);

const NANOSECONDS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
const DURATION = /^(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)$/;
const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;
const BOOLEANS: Record<string, boolean | undefined> = { true: true, false: false };

const EQUALITIES: readonly Comparison[] = ["=", "!="];
const ORDERS: readonly Comparison[] = [...EQUALITIES, "<", "<=", ">", ">="];
const PATTERNS: readonly Comparison[] = [...EQUALITIES, "=~", "!~"];
const COMPARISONS: Record<(typeof INTRINSICS)[IntrinsicName]["kind"], readonly Comparison[]> = {
  text: PATTERNS,
  word: EQUALITIES,
  duration: ORDERS,
  boolean: EQUALITIES,
};

/** Which comparisons a field knows. */
export const comparisons_of = (field: SpanField): readonly Comparison[] =>
  field.level === "intrinsic" ? COMPARISONS[INTRINSICS[field.name].kind] : [...ORDERS, "=~", "!~"];

/** The value that a token says for a field. Throws FilterError when the field has no such values. */
export function read_value(field: SpanField, comparison: Comparison, token: Token): FilterValue {
  const allowed = comparisons_of(field);
  if (!allowed.includes(comparison)) {
    const name = field.level === "intrinsic" ? field.name : field.key;
    throw new FilterError(`${name} compares by ${allowed.join(" ")}, not by ${comparison}`, token.at, token.end);
  }
  const is_pattern = comparison === "=~" || comparison === "!~";
  if (field.level !== "intrinsic") return is_pattern ? text_of(token) : attribute_value(token);
  switch (INTRINSICS[field.name].kind) {
    case "text":
      return IDS.has(field.name) && !is_pattern ? text_of(token).toLowerCase() : text_of(token);
    case "word":
      return word_of(token, WORDS[field.name] ?? []);
    case "duration":
      return duration_of(token);
    default:
      return boolean_of(token);
  }
}

const text_of = (token: Token): string => (token.kind === "string" ? unquoted(token) : token.text);

function attribute_value(token: Token): FilterValue {
  if (token.kind === "string") return unquoted(token);
  return BOOLEANS[token.text] ?? (is_exact_number(token.text) ? Number(token.text) : token.text);
}

/** A whole number that a double can't hold stays text, all digits of it. */
const is_exact_number = (text: string): boolean =>
  NUMBER.test(text) && (!/^-?\d+$/.test(text) || Number.isSafeInteger(Number(text)));

function word_of(token: Token, words: readonly string[]): string {
  const word = text_of(token).toLowerCase();
  if (words.includes(word)) return word;
  throw new FilterError(`expected one of ${words.join(", ")}`, token.at, token.end, nearest(word, words));
}

function duration_of({ text, at, end }: Token): number {
  const [, amount, unit] = DURATION.exec(text) ?? [];
  if (amount === undefined) throw new FilterError("expected a duration such as 250ms, 1.5s or 2m", at, end);
  return Number(amount) * NANOSECONDS[unit];
}

function boolean_of({ text, at, end }: Token): boolean {
  const value = BOOLEANS[text.toLowerCase()];
  if (value === undefined) throw new FilterError("expected true or false", at, end);
  return value;
}
