import type { DecodedBatch } from "../../../decode/index.ts";
import { give_back } from "../../../memory/index.ts";
import { FIXED_ROW_BYTES } from "./generation.ts";
import { type HotCapacity, HotMemory } from "./hot-memory.ts";

/** One is filled while another is sealed. */
const KEPT_MAX = 2;

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

/** Memory for generations, used again: what garbage collection would give back too late is given back at once. */
export class HotMemoryPool {
  private readonly free: HotMemory[] = [];

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
    give_back(memory.buffer);
    if (memory.capacity === this.capacity && this.free.length < KEPT_MAX) this.free.push(memory);
  }
}
