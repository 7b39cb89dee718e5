/** What a filter compares with. A duration is a number of nanoseconds. */
export type FilterValue = string | number | boolean;

export type Comparison = "=" | "!=" | "<" | "<=" | ">" | ">=" | "=~" | "!~";

/** What every span has, by the name that filters use, and how it compares. */
export const INTRINSICS = {
  service: { kind: "text", what: "service.name" },
  name: { kind: "text", what: "the span's name" },
  kind: { kind: "word", what: "internal, server, client, producer, consumer or unspecified" },
  status: { kind: "word", what: "unset, ok or error" },
  message: { kind: "text", what: "the status message" },
  duration: { kind: "duration", what: "from start to end, as 250ms or 1.5s" },
  root: { kind: "boolean", what: "it has no parent" },
  llm: { kind: "boolean", what: "it calls a language model" },
  has_llm: { kind: "boolean", what: "some span of its trace calls a language model" },
  workflow: { kind: "boolean", what: "it is a Junjo workflow" },
  type: { kind: "text", what: "Junjo's span type: workflow, subflow, node, run_concurrent, agent" },
  scope: { kind: "text", what: "the instrumentation scope's name" },
  trace: { kind: "text", what: "the trace id in hex" },
  span: { kind: "text", what: "the span id in hex" },
  parent: { kind: "text", what: "the parent's span id in hex" },
} as const satisfies Record<string, { kind: "text" | "word" | "duration" | "boolean"; what: string }>;

export type IntrinsicName = keyof typeof INTRINSICS;

/** An attribute of the span, of its resource, or of either, by its key. */
export type AttributeField = { level: "span" | "resource" | "any"; key: string };
export type SpanField = { level: "intrinsic"; name: IntrinsicName } | AttributeField;

/**
 * Which spans. A comparison with an attribute that a span does not have is false, and its `not` is true: `!=` finds spans that
 * have another value, `not … =` also those that have none. `=~` is a regular expression in RE2's syntax that matches
 * anywhere. Values compare as numbers where both are, else as text.
 */
export type SpanFilter =
  | { op: "and" | "or"; filters: readonly SpanFilter[] }
  | { op: "not"; filter: SpanFilter }
  | { op: "compare"; field: SpanField; comparison: Comparison; value: FilterValue }
  | { op: "exists"; field: AttributeField }
  /** Its name or status message has this text, in either case. */
  | { op: "contains"; text: string };
