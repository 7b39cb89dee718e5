import type {
  AttributeField,
  Comparison,
  FilterValue,
  IntrinsicName,
  SpanField,
  SpanFilter,
} from "../../../filter/index.ts";
import { sql_text } from "../row-source.ts";

/** What differs between the rows of the hot tier and of segments. */
export type FilteredTier = {
  /** Segments have a column that says which rows are roots or workflows: it keeps most row groups out. */
  is_cold: boolean;
  /** Whether a row's trace has an LLM span. */
  has_llm: string;
};

/** Attributes that have columns of their own and are not in attributes_json. */
const MOVED: Record<string, string | undefined> = {
  "junjo.id": "junjo_id",
  "junjo.parent_id": "junjo_parent_id",
  "junjo.span_type": "junjo_span_type",
  "junjo.workflow.state.start": "junjo_wf_state_start",
  "junjo.workflow.state.end": "junjo_wf_state_end",
  "junjo.workflow.graph_structure": "junjo_wf_graph_structure",
  "junjo.workflow.store.id": "junjo_wf_store_id",
};

const STATUS_CODES: Record<string, string | undefined> = { unset: "0", ok: "1", error: "2" };

/** In microseconds; whole nanoseconds would not fit for the longest that can be sent. */
const DURATION = "(epoch_us(end_time) - epoch_us(start_time) + (end_time_nanosecond - start_time_nanosecond) / 1000)";

/** A condition on a row of `spans`, which is true or false and never NULL. */
export function filter_sql(filter: SpanFilter, tier: FilteredTier): string {
  switch (filter.op) {
    case "and":
    case "or":
      return `(${filter.filters.map((one) => filter_sql(one, tier)).join(` ${filter.op.toUpperCase()} `)})`;
    case "not":
      return `(NOT ${filter_sql(filter.filter, tier)})`;
    case "contains": {
      const text = sql_text(filter.text);
      return `(contains(lower(name), lower(${text})) OR contains(lower(status_message), lower(${text})))`;
    }
    case "exists":
      return in_attributes(filter.field, (value) => `${value} IS NOT NULL`, null);
    default:
      return comparison_sql(filter.field, filter.comparison, filter.value, tier);
  }
}

function comparison_sql(field: SpanField, comparison: Comparison, value: FilterValue, tier: FilteredTier): string {
  if (field.level !== "intrinsic") {
    const wanted = comparison === "=" && typeof value === "string" ? value : null;
    return in_attributes(field, (text) => compared(text, comparison, value), wanted);
  }
  if (typeof value === "boolean") {
    const condition = boolean_sql(field.name, tier);
    return value === (comparison === "=") ? condition : `(NOT ${condition})`;
  }
  if (field.name === "duration") return `(${DURATION} ${comparison} ${Number(value) / 1000})`;
  return `coalesce(${compared(column_of(field.name), comparison, word_in_column(field.name, String(value)))}, false)`;
}

function boolean_sql(name: IntrinsicName, { is_cold, has_llm }: FilteredTier): string {
  const listed = is_cold ? "is_listed AND " : "";
  switch (name) {
    case "root":
      return `(${listed}parent_span_id IS NULL)`;
    case "workflow":
      return `(${listed}coalesce(junjo_span_type = 'workflow', false))`;
    case "llm":
      return "is_llm";
    default:
      return has_llm;
  }
}

const COLUMNS: Partial<Record<IntrinsicName, string>> = {
  service: "service_name",
  status: "status_code",
  message: "status_message",
  type: "junjo_span_type",
  scope: "scope_name",
  trace: "trace_id",
  span: "span_id",
  parent: "parent_span_id",
};

const column_of = (name: IntrinsicName): string => COLUMNS[name] ?? name;

function word_in_column(name: IntrinsicName, word: string): string {
  if (name === "kind") return word.toUpperCase();
  return name === "status" ? (STATUS_CODES[word] ?? word) : word;
}

/** A text of SQL, compared with a value. NULL where the text is. */
function compared(text: string, comparison: Comparison, value: FilterValue): string {
  if (comparison === "=~") return `regexp_matches(${text}, ${sql_text(String(value))})`;
  if (comparison === "!~") return `NOT regexp_matches(${text}, ${sql_text(String(value))})`;
  const operator = comparison === "!=" ? "<>" : comparison;
  if (typeof value === "number") return `TRY_CAST(${text} AS DOUBLE) ${operator} ${value}::DOUBLE`;
  return `${text} ${operator} ${sql_text(String(value))}`;
}

/** Whether the attribute is such, on one of the levels where it may be. `wanted`: the text that it must have. */
function in_attributes(
  { level, key }: AttributeField,
  is_such: (text: string) => string,
  wanted: string | null,
): string {
  const columns = { span: ["attributes_json"], resource: ["resource_attributes_json"] };
  const searched = level === "any" ? [...columns.span, ...columns.resource] : columns[level];
  const conditions = searched.map((column) => {
    const moved = column === "attributes_json" ? MOVED[key] : undefined;
    if (moved !== undefined) return `coalesce(${is_such(`CAST(${moved} AS VARCHAR)`)}, false)`;
    // Looking for bytes is much faster than reading JSON, and rules most rows out.
    const texts = [key, ...(wanted === null ? [] : [wanted])].filter(is_plain);
    const has_texts = texts.map((text) => `contains(${column}::VARCHAR, ${sql_text(`"${text}"`)}) AND `).join("");
    return `(${has_texts}coalesce(${is_such(`json_extract_string(${column}, ${sql_text(json_pointer(key))})`)}, false))`;
  });
  return conditions.length === 1 ? conditions[0] : `(${conditions.join(" OR ")})`;
}

/** Whether JSON writes it as it is. */
const is_plain = (text: string): boolean => /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(text);

/** RFC 6901. */
export const json_pointer = (key: string): string => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
