import type { HotCapacity } from "../hot/hot-memory.ts";
import type { RowCounts } from "./seal-rows.ts";
import type { WrittenRows } from "./written-rows.ts";

/** What the Worker is told: the rows of which memory to write, and where. The memory must not change meanwhile. */
export type SealJob = { buffer: SharedArrayBuffer; capacity: HotCapacity; counts: RowCounts; directory: string };

export type SealAnswer = { rows: WrittenRows } | { error: string };
