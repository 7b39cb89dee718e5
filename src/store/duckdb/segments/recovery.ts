import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Logger } from "../../../observe/index.ts";
import { compare_ulids, type Ulid } from "../../../wal/index.ts";
import { damaged_name } from "../damage.ts";
import { hash_trace_id } from "../keys/key-hash.ts";
import { sql_list } from "../row-source.ts";
import type { Catalog } from "./catalog.ts";
import { Segment } from "./segment.ts";
import { is_unfinished } from "./segment-writer.ts";

const REMOVED = ".removed";
const DAMAGED = ".damaged-";

export const is_removed = (name: string): boolean => name.endsWith(REMOVED);

/** Moved aside because it was damaged. */
export const is_aside = (name: string): boolean => name.includes(DAMAGED);

/**
 * Makes catalog and directory agree, and gives the segments that count.
 *
 * - A directory that the catalog does not know is what a crash left between two steps. If it goes on behind the catalog's
 *   position it holds rows that no source may have any more: it is taken in. Else its rows are in others, and it goes.
 *   When the catalog was lost, this takes in all there is, but what others were made of.
 * - A segment that the catalog knows and that is gone or broken is said as an error, moved aside, and taken out.
 */
export async function recover_segments(
  catalog: Catalog,
  connection: DuckDBConnection,
  directory: string,
  logger: Logger,
): Promise<Segment[]> {
  mkdirSync(directory, { recursive: true });
  const known = new Set(await catalog.segment_ids());
  const positions = await catalog.positions();
  const { opened, broken } = open_all(directory, known, logger);

  const unknown = opened.filter(({ id }) => !known.has(id));
  const found = new Set(opened.map(({ id }) => id));
  const missing = [...known].filter((id) => !found.has(id));
  for (const segment_id of missing) {
    if (!broken.has(segment_id)) logger.error({ directory, segment_id }, "a segment is gone, and its spans with it");
  }
  const adopted = to_adopt(unknown, known, positions);
  const taken_in = new Set(adopted.map(({ id }) => id));
  for (const segment of unknown) if (!taken_in.has(segment.id)) remove_directory(segment.directory);
  const counted = opened.filter(({ id }) => known.has(id) || taken_in.has(id));
  if (adopted.length > 0) logger.warn({ segments: adopted.length }, "segments that the catalog lacked were taken in");
  if (adopted.length > 0 || missing.length > 0) {
    await catalog.change({
      added: adopted,
      removed_ids: missing,
      positions: furthest(adopted, positions),
      new_straddling_llm_traces: await straddling_llm_traces(connection, adopted, counted),
    });
  }
  return counted;
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

/** Takes a directory out of the way at once, then apart. */
export function remove_directory(path: string): void {
  const removed = path + REMOVED;
  if (existsSync(path)) renameSync(path, removed);
  rmSync(removed, { recursive: true, force: true });
}

function open_all(directory: string, known: ReadonlySet<string>, logger: Logger) {
  const opened: Segment[] = [];
  const broken = new Set<string>();
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (is_unfinished(name) || is_removed(name)) rmSync(path, { recursive: true, force: true });
    else if (!is_aside(name)) {
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

function to_adopt(
  unknown: readonly Segment[],
  known: ReadonlySet<string>,
  positions: ReadonlyMap<string, Ulid>,
): Segment[] {
  const ahead = unknown.filter(({ manifest }) =>
    manifest.positions.some(({ source, last_key }) => is_ahead(Buffer.from(last_key, "hex"), positions.get(source))),
  );
  const candidates = ahead.filter(({ manifest }) => !manifest.replaces.some((id) => known.has(id)));
  const replaced = new Set(candidates.flatMap(({ manifest }) => manifest.replaces));
  return candidates.filter(({ id }) => !replaced.has(id));
}

const is_ahead = (key: Ulid, position: Ulid | undefined): boolean =>
  position === undefined || compare_ulids(key, position) > 0;

function furthest(segments: readonly Segment[], from: ReadonlyMap<string, Ulid>): Map<string, Ulid> {
  const positions = new Map(from);
  for (const { manifest } of segments) {
    for (const { source, last_key } of manifest.positions) {
      const key = Buffer.from(last_key, "hex");
      if (is_ahead(key, positions.get(source))) positions.set(source, key);
    }
  }
  return positions;
}
