import { sql_text } from "../row-source.ts";
import { hash_trace_id } from "../keys/key-hash.ts";
import type { Segment } from "../segments/segment.ts";

/** Which spans. Times are those at which they start, in microseconds since 1970, both ends included. Null: all of them. */
export type RowFilter = {
  since_us: bigint | null;
  until_us: bigint | null;
  service_name: string | null;
  /** Lower-case hex. */
  trace_id: string | null;
};

/** What stands behind WHERE; empty: all rows. */
export function condition_of({ since_us, until_us, service_name, trace_id }: RowFilter): string {
  const conditions = [
    since_us === null ? null : `start_time >= make_timestamptz(${since_us})`,
    until_us === null ? null : `start_time <= make_timestamptz(${until_us})`,
    service_name === null ? null : `service_name = ${sql_text(service_name)}`,
    trace_id === null ? null : `trace_id = ${sql_text(trace_id)}`,
  ];
  return conditions.filter((condition) => condition !== null).join(" AND ");
}

/** Whether a segment may have such rows, by what is known without reading it. */
export function may_have(segment: Segment, { since_us, until_us, service_name, trace_id }: RowFilter): boolean {
  return (
    (since_us === null || segment.max_start_us >= since_us) &&
    (until_us === null || segment.min_start_us <= until_us) &&
    (service_name === null || segment.services.has(service_name)) &&
    (trace_id === null || segment.keys.may_hold_trace(hash_trace_id(trace_id)))
  );
}
