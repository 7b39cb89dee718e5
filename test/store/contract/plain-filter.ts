import type { AttributeField, Comparison, FilterValue, IntrinsicName, SpanFilter } from "../../../src/filter/index.ts";
import type { Row } from "../../support/store.ts";

export type FilteredRow = { row: Row; duration_ns: number; trace_has_llm: boolean };

/** Whether a filter holds for a row, said in the plainest way. */
export function holds(filter: SpanFilter, of: FilteredRow): boolean {
  switch (filter.op) {
    case "and":
      return filter.filters.every((one) => holds(one, of));
    case "or":
      return filter.filters.some((one) => holds(one, of));
    case "not":
      return !holds(filter.filter, of);
    case "contains":
      return [of.row.name, of.row.status_message].some((text) =>
        String(text).toLowerCase().includes(filter.text.toLowerCase()),
      );
    case "exists":
      return values_of(filter.field, of.row).length > 0;
    default: {
      const { field, comparison, value } = filter;
      const values = field.level === "intrinsic" ? [intrinsic(field.name, of)] : values_of(field, of.row);
      return values.some((found) => found !== null && compares(found, comparison, value));
    }
  }
}

function intrinsic(name: IntrinsicName, { row, duration_ns, trace_has_llm }: FilteredRow): unknown {
  const by_name: Record<IntrinsicName, unknown> = {
    service: row.service_name,
    name: row.name,
    kind: String(row.kind).toLowerCase(),
    status: ["unset", "ok", "error"][Number(row.status_code)],
    message: row.status_message,
    duration: duration_ns,
    root: row.parent_span_id === null,
    llm: row.is_llm,
    has_llm: trace_has_llm,
    workflow: row.junjo_span_type === "workflow",
    type: row.junjo_span_type,
    scope: row.scope_name,
    trace: row.trace_id,
    span: row.span_id,
    parent: row.parent_span_id,
  };
  return by_name[name];
}

/** The attributes that were sent, also those that have columns of their own. */
function sent_attributes(row: Row): object {
  const moved = { "junjo.id": row.junjo_id, "junjo.span_type": row.junjo_span_type };
  const sent = Object.entries(moved).filter(([, value]) => value !== null);
  return { ...(row.attributes_json as object), ...Object.fromEntries(sent) };
}

function values_of({ level, key }: AttributeField, row: Row): unknown[] {
  const of = { span: sent_attributes(row), resource: row.resource_attributes_json } as Record<string, object>;
  const levels = level === "any" ? ["span", "resource"] : [level];
  return levels.flatMap((name) => (Object.hasOwn(of[name], key) ? [(of[name] as Row)[key]] : []));
}

function compares(found: unknown, comparison: Comparison, value: FilterValue): boolean {
  if (comparison === "=~") return new RegExp(String(value)).test(String(found));
  if (comparison === "!~") return !new RegExp(String(value)).test(String(found));
  const is_number = typeof value === "number";
  const [a, b] = is_number ? [Number(found), value] : [String(found), String(value)];
  if (is_number && (String(found).trim() === "" || Number.isNaN(a))) return false;
  return { "=": a === b, "!=": a !== b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b }[comparison];
}
