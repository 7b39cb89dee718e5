import type { HotCapacity } from "../hot/hot-memory.ts";
import type { MergeInput } from "./merge-rows.ts";
import type { RowCounts } from "./seal-rows.ts";
import type { WrittenRows } from "./written-rows.ts";

/** What the Worker is told to write into a directory: the rows of a memory, which must not change meanwhile, ... */
export type SealJob = { buffer: SharedArrayBuffer; capacity: HotCapacity; counts: RowCounts; directory: string };
/** ... or those of segments, but for a trace. */
export type MergeJob = { inputs: readonly MergeInput[]; except_trace_id: string | null; directory: string };

/** Null: no row is left. */
export type SealAnswer = { rows: WrittenRows | null } | { error: string };
