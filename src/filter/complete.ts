import { INTRINSICS, type SpanField } from "./types.ts";
import { FilterError } from "./error.ts";
import { type Expected, FilterParser } from "./parser.ts";
import { comparisons_of, WORDS } from "./values.ts";

export type Completion = { text: string; what: string };
/** What may stand at characters `from` to `to` of the filter. `values_of`: its values are wanted there. */
export type Completions = { from: number; to: number; options: Completion[]; values_of: SpanField | null };

const PARTIAL = /(?:[^\s()=!<>~"]|"(?:[^"\\]|\\.)*"?)*$/;

/**
 * What may be typed at a place of a filter, those first that begin with what stands there already. `keys` are attributes as
 * filters name them, such as `span.http.route`.
 */
export function complete_filter(text: string, at: number, keys: readonly string[]): Completions {
  const before = text.slice(0, at);
  const partial = PARTIAL.exec(before)?.[0] ?? "";
  const from = at - partial.length;
  const expected = expected_behind(before.slice(0, from));
  const options = expected === null ? [] : options_of(expected, keys);
  const wanted = partial.toLowerCase();
  const matching = options.filter((option) => option.text.toLowerCase().includes(wanted));
  matching.sort(
    (a, b) => Number(b.text.toLowerCase().startsWith(wanted)) - Number(a.text.toLowerCase().startsWith(wanted)),
  );
  return { from, to: at, options: matching, values_of: expected?.what === "value" ? expected.field : null };
}

/** Null: what stands there is no beginning of a filter. */
function expected_behind(before: string): Expected | null {
  if (before.trim() === "") return { what: "term" };
  try {
    const parser = new FilterParser(before);
    try {
      parser.parse();
    } catch (error) {
      // Wrong at the end is only unfinished.
      if (!(error instanceof FilterError) || error.at < before.length) return null;
    }
    return parser.expected;
  } catch {
    return null;
  }
}

function options_of(expected: Expected, keys: readonly string[]): Completion[] {
  switch (expected.what) {
    case "term":
      return [
        ...Object.entries(INTRINSICS).map(([text, { what }]) => ({ text, what })),
        { text: "not", what: "the opposite" },
        ...keys.map((text) => ({ text, what: "attribute" })),
      ];
    case "after a term":
      return [
        { text: "and", what: "both" },
        { text: "or", what: "either" },
      ];
    case "comparison":
      return [
        ...comparisons_of(expected.field).map((text) => ({ text, what: "comparison" })),
        ...(expected.field.level === "intrinsic" ? [] : [{ text: "exists", what: "it has one" }]),
      ];
    default:
      return words_of(expected.field).map((text) => ({ text, what: "value" }));
  }
}

function words_of(field: SpanField): readonly string[] {
  if (field.level !== "intrinsic") return [];
  return WORDS[field.name] ?? (INTRINSICS[field.name].kind === "boolean" ? ["true", "false"] : []);
}
