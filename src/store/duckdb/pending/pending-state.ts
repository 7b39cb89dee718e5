import { LIMITS } from "../../../config/index.ts";
import type { PendingRange, PendingSpan } from "../../types.ts";
import { stored_of } from "../queries/service-figures.ts";
import type { View } from "../views.ts";
import type { PendingSpans } from "./pending-spans.ts";

/** Spans that have not ended, and whether anything speaks for their still running. */
export function pending_spans(pending: PendingSpans, view: View, range: PendingRange): PendingSpan[] {
  const quiet_since_us = BigInt(Date.now() - LIMITS.PENDING_QUIET_MS) * 1000n;
  const newest_roots = new Map<string, bigint>();
  return pending.find(range).map(({ last_sign_us, ...span }) => {
    const { service_name } = span;
    let newest_root_us = newest_roots.get(service_name);
    if (newest_root_us === undefined) {
      newest_root_us = latest(pending.newest_root_us(service_name), stored_of(view, service_name).last_seen_us);
      newest_roots.set(service_name, newest_root_us);
    }
    const has_gone_on = newest_root_us > last_sign_us && last_sign_us < quiet_since_us;
    return { ...span, state: has_gone_on ? "never_ended" : "running" };
  });
}

const latest = (a: bigint | null, b: bigint | null): bigint => ((a ?? 0n) > (b ?? 0n) ? (a ?? 0n) : (b ?? 0n));
