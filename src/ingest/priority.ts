import { setPriority } from "node:os";

/** In the steps of nice(1): a third of the weight, so that neither queries nor stores starve beside other programs. */
const BEHIND_INGEST = 5;

/**
 * Lets this thread, and every thread that it makes from now on, go behind those that are there already when there is more
 * work than cores. Called when the ingest thread is there and DuckDB's are not: a flush must not delay an acknowledgement.
 *
 * Linux keeps a priority for each thread, and 0 stands for the one that calls; elsewhere it is the whole process, which
 * changes nothing between its threads. See docs/adr/0010.
 */
export function go_behind_ingest(): void {
  setPriority(0, BEHIND_INGEST);
}
