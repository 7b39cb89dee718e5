import type { DecodedBatch } from "../../../decode/index.ts";
import { give_back } from "../../../memory/index.ts";
import { FIXED_ROW_BYTES } from "./generation.ts";
import { type HotCapacity, HotMemory } from "./hot-memory.ts";

/** One is filled while another is sealed. */
const KEPT_MAX = 2;
/** Under load the next generation comes sooner. */
const IDLE_MS_MAX = 5_000;

/** What a generation must have room for to take a batch. */
export const batch_capacity = ({ spans, patches, heap }: DecodedBatch): HotCapacity => ({
  spans: spans.row_count,
  patches: patches.row_count,
  text_bytes: heap.length,
});

/** Room for so many rows, as far as they are reached before so many bytes are. */
export function usual_capacity(rows_max: number, bytes_max: number): HotCapacity {
  const rows = Math.min(rows_max, Math.ceil(bytes_max / FIXED_ROW_BYTES));
  return { spans: rows, patches: rows, text_bytes: bytes_max };
}

/**
 * Memory for generations, used again: garbage collection would give it back too late. What is free keeps its pages for a
 * moment, since having each of them cleared by the system and mapped anew takes 0.7 µs a span.
 */
export class HotMemoryPool implements Disposable {
  private readonly free: HotMemory[] = [];
  private idle_timer: Timer | undefined;

  constructor(private readonly capacity: HotCapacity) {}

  /** Memory of the usual capacity, or of more where `needed` is more. */
  take(needed: HotCapacity): HotMemory {
    const { spans, patches, text_bytes } = this.capacity;
    if (needed.spans <= spans && needed.patches <= patches && needed.text_bytes <= text_bytes) {
      return this.free.pop() ?? new HotMemory(this.capacity);
    }
    return new HotMemory({
      spans: Math.max(spans, needed.spans),
      patches: Math.max(patches, needed.patches),
      text_bytes: Math.max(text_bytes, needed.text_bytes),
    });
  }

  /** Nobody may read it any more. */
  put_back(memory: HotMemory): void {
    if (memory.capacity !== this.capacity || this.free.length === KEPT_MAX) return give_back(memory.buffer);
    this.free.push(memory);
    clearTimeout(this.idle_timer);
    this.idle_timer = setTimeout(() => this.give_back_free(), IDLE_MS_MAX);
    this.idle_timer.unref();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.idle_timer);
    this.give_back_free();
  }

  private give_back_free(): void {
    for (const { buffer } of this.free) give_back(buffer);
  }
}
