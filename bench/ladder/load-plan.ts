import { DecodedBatch, SPAN_COLUMNS, column_indexes } from "../../src/decode/index.ts";
import { Requests } from "../requests.ts";

export const SPANS_PER_REQUEST = 512;
/** At which spans start, by their own clocks: the first million spans start within 100 s. */
const SPANS_PER_SECOND = 10_000;
const STEP_NANO = BigInt(Math.round((SPANS_PER_REQUEST / SPANS_PER_SECOND) * 1e9));
/** A range of time that has as many spans however many there are. */
const FIXED_RANGE = { from_s: 1, to_s: 9 };

const COLUMNS = column_indexes(SPAN_COLUMNS);

const iso = (unix_nano: bigint): string => new Date(Number(unix_nano / 1_000_000n)).toISOString();

export type SpanIds = { trace_id: string; span_id: string };

/** What the load generator sends, known to whoever asks for it afterwards. */
export class LoadPlan {
  private readonly requests: Requests;
  private readonly batch = new DecodedBatch();

  constructor(
    readonly epoch_unix_nano: bigint,
    readonly is_repeating: boolean,
  ) {
    this.requests = new Requests({
      spans_per_request: SPANS_PER_REQUEST,
      is_repeating,
      epoch_unix_nano,
      step_nano: STEP_NANO,
    });
  }

  /** The load generator's options for requests `first` and on. */
  load_options(first: number): string[] {
    const options = {
      first,
      "spans-per-request": SPANS_PER_REQUEST,
      "epoch-unix-nano": this.epoch_unix_nano,
      "step-nano": STEP_NANO,
    };
    const given = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    return this.is_repeating ? [...given, "--repeating"] : given;
  }

  body(number: number): Uint8Array {
    return this.requests.body(number);
  }

  /** A span of a request, and its trace. */
  span_of(number: number, row: number): SpanIds {
    const { batch } = this;
    batch.clear();
    batch.decode_request(this.body(number));
    const { spans, heap } = batch;
    const text = (column: number) => {
      const at = spans.offsets[column][row];
      return Buffer.from(heap.bytes.subarray(at, at + spans.lengths[column][row])).toString();
    };
    return { trace_id: text(COLUMNS.trace_id), span_id: text(COLUMNS.span_id) };
  }

  /** All that was sent in so many requests, as `since` and `until` take it. */
  whole_range(request_count: number): string {
    const end = this.epoch_unix_nano + STEP_NANO * BigInt(request_count);
    return `since=${iso(this.epoch_unix_nano)}&until=${iso(end)}`;
  }

  /** As `since` and `until` take it. */
  get fixed_range(): string {
    const at = (seconds: number) => iso(this.epoch_unix_nano + BigInt(seconds) * 1_000_000_000n);
    return `since=${at(FIXED_RANGE.from_s)}&until=${at(FIXED_RANGE.to_s)}`;
  }
}
