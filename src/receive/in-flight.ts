import type { Metrics } from "../observe/index.ts";
import { ReceiveError } from "./error.ts";

export type InFlightLimits = {
  requests_max: number;
  /** Of bodies, decompressed, as far as they have been read. */
  bytes_max: number;
};

/** What one request holds; disposing gives it back. */
export type Held = Disposable & {
  /** Throws ReceiveError `unavailable` when there is no room, or when the request has been given up. */
  take_bytes(count: number): void;
};

/** Bounds the requests that are being read or answered, and the memory of their bodies, whoever sends them and however slowly. */
export class InFlight {
  private request_count = 0;
  private byte_count = 0;

  constructor(
    private readonly limits: InFlightLimits,
    metrics: Metrics,
  ) {
    metrics.gauge(
      "receive_in_flight_requests",
      "Requests that are being read or answered",
      [],
      () => this.request_count,
    );
    metrics.gauge("receive_in_flight_bytes", "Bytes of their bodies", [], () => this.byte_count);
  }

  /** Throws ReceiveError `unavailable` when there are too many already. */
  admit(): Held {
    if (this.request_count >= this.limits.requests_max) {
      throw new ReceiveError("unavailable", `${this.request_count} requests are in flight, try again later`);
    }
    this.request_count++;
    let held_bytes = 0;
    let is_over = false;
    return {
      take_bytes: (count) => {
        if (is_over) throw new ReceiveError("unavailable", "the request was given up");
        if (this.byte_count + count > this.limits.bytes_max) {
          throw new ReceiveError("unavailable", "too many large requests at once, try again later");
        }
        this.byte_count += count;
        held_bytes += count;
      },
      [Symbol.dispose]: () => {
        is_over = true;
        this.byte_count -= held_bytes;
        this.request_count--;
      },
    };
  }
}
