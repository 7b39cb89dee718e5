import {
  type AttributeField,
  type Comparison,
  type FilterValue,
  INTRINSICS,
  type IntrinsicName,
  type SpanField,
  type SpanFilter,
} from "./types.ts";
import { FilterError } from "./error.ts";
import { nearest } from "./nearest.ts";
import { type Token, tokens_of, unquoted } from "./tokens.ts";
import { read_value } from "./values.ts";

/** What may stand at a place: for whoever completes what is being typed. */
export type Expected =
  | { what: "term" }
  | { what: "after a term" }
  | { what: "comparison"; field: SpanField }
  | { what: "value"; field: SpanField };

const KEYWORDS = new Set(["and", "or", "not", "exists"]);
const LEVELS = ["span", "resource"] as const;
/** Brackets and nots within each other: more is no filter that anybody means. */
const DEPTH_MAX = 100;

export const is_intrinsic = (name: string): name is IntrinsicName => Object.hasOwn(INTRINSICS, name);

/** One filter, read from its beginning to its end. */
export class FilterParser {
  /** What may stand behind all that was read. */
  expected: Expected = { what: "term" };
  private readonly tokens: readonly Token[];
  private next = 0;
  private depth = 0;

  constructor(private readonly text: string) {
    this.tokens = tokens_of(text);
  }

  parse(): SpanFilter {
    const filter = this.any_of();
    const left = this.tokens[this.next];
    if (left !== undefined) throw this.wrong(left, `found ${left.text} where "and", "or" or the end was expected`);
    return filter;
  }

  private any_of(): SpanFilter {
    if (++this.depth > DEPTH_MAX)
      throw new FilterError(`more than ${DEPTH_MAX} brackets within each other`, 0, this.text.length);
    const filters = [this.all_of()];
    while (this.takes_keyword("or")) filters.push(this.all_of());
    this.depth--;
    return filters.length === 1 ? filters[0] : { op: "or", filters };
  }

  /** Terms side by side must all hold, with or without an "and" between them. */
  private all_of(): SpanFilter {
    const filters = [this.term()];
    while (this.takes_keyword("and") || this.begins_term()) filters.push(this.term());
    return filters.length === 1 ? filters[0] : { op: "and", filters };
  }

  private term(): SpanFilter {
    this.expected = { what: "term" };
    const token = this.take("a condition");
    const filter = this.term_of(token);
    this.expected = { what: "after a term" };
    return filter;
  }

  private term_of(token: Token): SpanFilter {
    if (token.kind === "(") {
      const filter = this.any_of();
      const closing = this.take("a closing bracket");
      if (closing.kind !== ")") throw this.wrong(closing, `found ${closing.text} where a closing bracket was expected`);
      return filter;
    }
    if (token.kind === "string") return { op: "contains", text: unquoted(token) };
    if (token.kind !== "word") throw this.wrong(token, `found ${token.text} where a condition was expected`);
    if (is_keyword(token, "not")) {
      if (++this.depth > DEPTH_MAX) throw this.wrong(token, `more than ${DEPTH_MAX} nots within each other`);
      const filter = this.term();
      this.depth--;
      return { op: "not", filter };
    }
    return this.condition(token, field_of(token));
  }

  private condition(name: Token, field: SpanField): SpanFilter {
    this.expected = { what: "comparison", field };
    const is_boolean = field.level === "intrinsic" && INTRINSICS[field.name].kind === "boolean";
    const token = this.tokens[this.next];
    if (token?.kind === "comparison") {
      this.next++;
      return { op: "compare", field, comparison: token.text as Comparison, value: this.value(field, token) };
    }
    if (is_boolean) return { op: "compare", field, comparison: "=", value: true };
    if (field.level !== "intrinsic" && this.takes_keyword("exists")) return { op: "exists", field };
    const wanted = field.level === "intrinsic" ? "a comparison" : 'a comparison or "exists"';
    throw new FilterError(
      `expected ${wanted} behind ${name.text}`,
      token?.at ?? this.text.length,
      token?.end ?? this.text.length,
    );
  }

  private value(field: SpanField, { text: comparison }: Token): FilterValue {
    this.expected = { what: "value", field };
    const token = this.take("a value");
    if (token.kind !== "word" && token.kind !== "string")
      throw this.wrong(token, `found ${token.text} where a value was expected`);
    return read_value(field, comparison as Comparison, token);
  }

  private begins_term(): boolean {
    const token = this.tokens[this.next];
    if (token === undefined || token.kind === ")" || token.kind === "comparison") return false;
    return !is_keyword(token, "or") && !is_keyword(token, "exists");
  }

  private takes_keyword(keyword: string): boolean {
    const token = this.tokens[this.next];
    if (token === undefined || !is_keyword(token, keyword)) return false;
    this.next++;
    return true;
  }

  private take(wanted: string): Token {
    const token = this.tokens[this.next++];
    if (token === undefined) throw new FilterError(`expected ${wanted}`, this.text.length, this.text.length);
    return token;
  }

  private wrong({ at, end }: Token, what: string): FilterError {
    return new FilterError(what, at, end);
  }
}

const is_keyword = ({ kind, text }: Token, keyword: string): boolean =>
  kind === "word" && text.toLowerCase() === keyword;

function field_of(token: Token): SpanField {
  const { text, at, end } = token;
  if (is_intrinsic(text.toLowerCase())) return { level: "intrinsic", name: text.toLowerCase() as IntrinsicName };
  const attribute = attribute_of(token);
  if (attribute !== null) return attribute;
  const known = [...Object.keys(INTRINSICS), ...KEYWORDS];
  const suggestion = nearest(text, known) ?? `span.${text}`;
  throw new FilterError(`there is no field ${text}`, at, end, suggestion);
}

/** `span.key`, `resource.key`, `.key`, or a key with a dot in it; parts may be quoted. Null: it is none of them. */
function attribute_of({ text, at, end }: Token): AttributeField | null {
  const level = LEVELS.find((name) => text.startsWith(`${name}.`)) ?? "any";
  const written = level === "any" ? text.replace(/^\./, "") : text.slice(level.length + 1);
  if (level === "any" && !text.includes(".")) return null;
  const key = written.replaceAll(/"(?:[^"\\]|\\.)*"/g, (part) => unquoted({ kind: "string", text: part, at, end }));
  if (key === "") throw new FilterError(`expected an attribute's key behind ${text}`, at, end);
  return { level, key };
}
