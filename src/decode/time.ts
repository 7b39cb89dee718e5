import type { ByteHeap } from "./heap.ts";
import { put_decimal } from "./json-text.ts";

const TWO_TO_32 = 4_294_967_296;

/** What stands for the place of a time that was not sent. */
export const NOT_SENT = -1;

/**
 * A time, taken apart: 64 bits of nanoseconds since 1970 as they lie on the wire. Divided a word at a time, so that every
 * step is exact in a double: a BigInt would be an object for each time.
 */
export class WireTime {
  /** The whole microseconds, in two unsigned words. */
  micros_high = 0;
  micros_low = 0;
  /** What they leave: 0 to 999 nanoseconds. */
  nanos_rest = 0;

  /** The time at `at`; NOT_SENT is 0. */
  read(view: DataView, at: number): void {
    if (at === NOT_SENT) {
      this.micros_high = this.micros_low = this.nanos_rest = 0;
      return;
    }
    const high = view.getUint32(at + 4, true);
    const rest = (high % 1000) * TWO_TO_32 + view.getUint32(at, true);
    this.micros_high = Math.floor(high / 1000);
    this.micros_low = Math.floor(rest / 1000);
    this.nanos_rest = rest % 1000;
  }

  get is_zero(): boolean {
    return this.micros_low === 0 && this.micros_high === 0 && this.nanos_rest === 0;
  }

  /** Writes it as decimal digits, in nanoseconds. */
  put_digits(heap: ByteHeap): void {
    const rest = (this.micros_high % 1e6) * TWO_TO_32 + this.micros_low;
    const seconds = Math.floor(this.micros_high / 1e6) * TWO_TO_32 + Math.floor(rest / 1e6);
    const nanos = (rest % 1e6) * 1000 + this.nanos_rest;
    if (seconds > 0) put_decimal(heap, seconds);
    put_decimal(heap, nanos, seconds > 0 ? 9 : 1);
  }
}
