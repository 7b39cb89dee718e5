import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Logger } from "../../../observe/index.ts";
import { damaged_name } from "../damage.ts";
import { hash_trace_id } from "../keys/key-hash.ts";
import { sql_list } from "../row-source.ts";
import type { Catalog } from "./catalog.ts";
import { furthest_positions, reconcile } from "./reconcile.ts";
import { Segment } from "./segment.ts";
import {
  is_aside,
  is_obsolete_mark,
  is_removed,
  is_unfinished,
  lone_marks,
  remove_mark,
  remove_segment,
} from "./segment-directory.ts";

/**
 * Makes catalog and directory agree, and gives the segments that count: see reconcile. A segment that the catalog knows and
 * that is gone or broken is said as an error, moved aside, and taken out. No row goes that is not found elsewhere, unless it
 * was to go.
 */
export async function recover_segments(
  catalog: Catalog,
  connection: DuckDBConnection,
  directory: string,
  logger: Logger,
  /** What counts beside segments, and may become some. */
  present: readonly string[] = [],
): Promise<Segment[]> {
  mkdirSync(directory, { recursive: true });
  const known_ids = new Set(await catalog.segment_ids());
  const positions = await catalog.positions();
  const { opened, broken } = open_all(directory, known_ids, logger);
  const { known, adopted, leftovers, unexplained } = reconcile(opened, known_ids, positions, present);
  for (const segment of unexplained) {
    const rows_of_its_own = await count_rows_of_its_own(connection, segment, [...known, ...adopted]);
    (rows_of_its_own === 0 ? leftovers : adopted).push(segment);
    logger.warn(
      { segment_id: segment.id, spans: segment.manifest.span_count, rows_of_its_own },
      "nothing says why the catalog lacks this segment: it counts if it has rows that no other has",
    );
  }

  const found = new Set(opened.map(({ id }) => id));
  const missing = [...known_ids].filter((id) => !found.has(id));
  for (const segment_id of missing) {
    if (!broken.has(segment_id)) logger.error({ directory, segment_id }, "a segment is gone, and its spans with it");
  }
  const counted = [...known, ...adopted];
  if (adopted.length > 0) logger.warn({ segments: adopted.length }, "segments that the catalog lacked were taken in");
  if (adopted.length > 0 || missing.length > 0) {
    await catalog.change({
      added: adopted,
      removed_ids: missing,
      positions: furthest_positions(adopted, positions),
      new_straddling_llm_traces: await straddling_llm_traces(connection, adopted, counted),
    });
  }
  for (const { directory: leftover } of leftovers) remove_segment(leftover);
  // A mark that is older than the catalog must not count when the catalog is lost.
  for (const { directory: segment } of counted) remove_mark(segment);
  return counted;
}

async function count_rows_of_its_own(
  connection: DuckDBConnection,
  segment: Segment,
  others: readonly Segment[],
): Promise<number> {
  if (others.length === 0) return segment.manifest.span_count;
  const files = sql_list(others.map(({ spans_path }) => spans_path));
  const found = await connection.runAndReadAll(
    `SELECT count(*) FROM ${segment.spans_table} ANTI JOIN read_parquet([${files}]) USING (trace_id, span_id)`,
  );
  return Number(found.getRows()[0]?.[0]);
}

/** Of the traces that have an LLM span in some of the segments, those that others may hold too. */
async function straddling_llm_traces(
  connection: DuckDBConnection,
  adopted: readonly Segment[],
  all: readonly Segment[],
): Promise<string[]> {
  // A segment that was there may have the LLM span of a root that is taken in.
  if (adopted.length === 0 || all.length < 2) return [];
  const files = sql_list(all.map(({ spans_path }) => spans_path));
  const found = await connection.runAndReadAll(`SELECT DISTINCT trace_id FROM read_parquet([${files}]) WHERE is_llm`);
  return found
    .getRows()
    .map(([trace_id]) => String(trace_id))
    .filter((trace_id) => {
      const trace = hash_trace_id(trace_id);
      return all.filter(({ keys }) => keys.may_hold_trace(trace)).length > 1;
    });
}

function open_all(directory: string, known: ReadonlySet<string>, logger: Logger) {
  const opened: Segment[] = [];
  const broken = new Set<string>();
  const names = readdirSync(directory);
  for (const mark of lone_marks(names)) rmSync(join(directory, mark));
  for (const name of names) {
    const path = join(directory, name);
    if (is_unfinished(name) || is_removed(name)) rmSync(path, { recursive: true, force: true });
    else if (!is_aside(name) && !is_obsolete_mark(name)) {
      try {
        opened.push(Segment.open(path));
      } catch (error) {
        const kept_as = damaged_name(path);
        renameSync(path, kept_as);
        broken.add(name);
        const what = known.has(name)
          ? "a segment is damaged and was moved aside, its spans are gone from here"
          : "damaged leftover";
        logger.error({ segment_id: name, kept_as, reason: String(error) }, what);
      }
    }
  }
  return { opened, broken };
}
