import type { Frame, RejectionReason } from "./frame.ts";

/** What of a request was not taken. Nothing: `rejected_count` is 0 and the message empty. */
export type PartialSuccess = { rejected_count: number; error_message: string };

export const FULL_SUCCESS: PartialSuccess = { rejected_count: 0, error_message: "" };

const REASONS: Record<RejectionReason, string> = {
  trace_id: "with a trace_id that is not 16 bytes or all zeros",
  span_id: "with a span_id that is not 8 bytes or all zeros",
  parent_span_id: "with a parent_span_id that is neither empty nor 8 bytes",
  too_deep: "with attributes that are nested too deep",
};

/** How many spans were refused and why, with the ids of the first one. */
export function partial_success_of({ rejected, first_rejected }: Frame): PartialSuccess {
  const counts = Object.entries(rejected) as [RejectionReason, number][];
  const rejected_count = counts.reduce((sum, [, count]) => sum + count, 0);
  if (rejected_count === 0) return FULL_SUCCESS;
  const reasons = counts.filter(([, count]) => count > 0).map(([reason, count]) => `${count} ${REASONS[reason]}`);
  const first = first_rejected
    ? `; the first has trace_id "${first_rejected.trace_id}" and span_id "${first_rejected.span_id}"`
    : "";
  return { rejected_count, error_message: `spans not stored: ${reasons.join(", ")}${first}` };
}
