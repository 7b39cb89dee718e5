import type { RowKey } from "../types.ts";

/** A row of a generation or a segment, by its number there. */
export type SourceRow = RowKey & { row: number };

/** What lists choose rows by. */
export type ListedRow = SourceRow & {
  is_root: boolean;
  is_workflow: boolean;
  /** As far as its source knows. */
  trace_has_llm: boolean;
};
