import { post_otlp } from "../support/otlp-http.ts";
import { hex, new_id, request_bytes, span_init } from "../support/otlp.ts";
import { poll_until } from "../support/poll-until.ts";
import type { SeededRandom } from "../support/seeded-random.ts";
import { trace_id_of } from "./numbered-load.ts";
import type { ServerUnderTest } from "./server.ts";

export const RETENTION_DAYS = 7;
/** Spans of it are too old when they come. */
export const OLD_SERVICE = "crash-old";

/** Enough to be sealed by themselves. */
const OLD_SPANS = 120;
const OLD_AGE_NANO = BigInt(RETENTION_DAYS + 3) * 86_400_000_000_000n;
/** One that is not answered by then never is: the server was killed. */
const ANSWER_MS_MAX = 5_000;

/** What is to go while faults are brought about: spans that are too old, and traces that somebody deletes. */
export class Removals {
  /** Spans whose trace was deleted, as an answer said: none may be found again. */
  readonly deleted = new Set<number>();
  /** Spans whose trace may have been deleted: no answer came. */
  readonly undecided = new Set<number>();
  old_spans_sent = 0;

  constructor(
    private readonly random: SeededRandom,
    private readonly server: ServerUnderTest,
  ) {}

  /** Sends spans that are too old, until they are taken. */
  async send_old(): Promise<void> {
    const time = BigInt(Date.now()) * 1_000_000n - OLD_AGE_NANO;
    const spans = Array.from({ length: OLD_SPANS }, () =>
      span_init({ traceId: new_id(16), startTimeUnixNano: time, endTimeUnixNano: time + 1n }),
    );
    const body = request_bytes(spans, OLD_SERVICE);
    await poll_until(async () => (await post_otlp(this.server.otlp_url, body)).ok, { what: "old spans to be taken" });
    this.old_spans_sent += OLD_SPANS;
  }

  /** Deletes the trace of one of these spans, whatever happens to the server meanwhile. */
  async delete_one(numbers: readonly number[]): Promise<void> {
    if (numbers.length === 0) return;
    const number = this.random.pick(numbers);
    const is_deleted = await this.is_deleted(hex(trace_id_of(number)));
    (is_deleted ? this.deleted : this.undecided).add(number);
  }

  private async is_deleted(trace_id: string): Promise<boolean> {
    try {
      const url = `http://127.0.0.1:${this.server.running.ports.http}/otel/trace/${trace_id}`;
      return (await fetch(url, { method: "DELETE", signal: AbortSignal.timeout(ANSWER_MS_MAX) })).ok;
    } catch {
      // Killed, stopped or not there: that is what is being tested.
      return false;
    }
  }
}
