import type { SpanFacts } from "../../types.ts";
import { type Cell, cell_text } from "../../parquet/index.ts";

/** What a trace's summary is made of. */
export const FACT_COLUMNS = [
  "span_id",
  "parent_span_id",
  "service_name",
  "name",
  "kind",
  "start_time",
  "end_time",
  "start_time_nanosecond",
  "end_time_nanosecond",
  "status_code",
  "junjo_span_type",
  "is_llm",
] as const;

/** Of a span whose cells, by FACT_COLUMNS, these are. */
export function span_facts(cells: readonly Cell[]): SpanFacts {
  const [span_id, parent, service, name, kind, start, end, start_ns, end_ns, status, type, is_llm] = cells;
  return {
    span_id: cell_text(span_id),
    parent_span_id: parent === null ? null : cell_text(parent),
    service_name: cell_text(service),
    name: cell_text(name),
    kind: cell_text(kind),
    start_unix_nano: (start as bigint) * 1000n + BigInt(start_ns as number),
    end_unix_nano: (end as bigint) * 1000n + BigInt(end_ns as number),
    status_code: cell_text(status),
    junjo_span_type: type === null ? null : cell_text(type),
    is_llm: is_llm === true,
  };
}
