import { mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Ulid } from "../../../wal/index.ts";
import { checksum_of } from "./checksum.ts";
import { filter_bytes, type SegmentKeys } from "../keys/key-index.ts";
import { sql_text } from "../row-source.ts";
import copy_patches_sql from "../sql/copy-patches.sql" with { type: "text" };
import copy_spans_sql from "../sql/copy-spans.sql" with { type: "text" };
import service_figures_sql from "../sql/service-figures.sql" with { type: "text" };
import { parse_figures, type SegmentManifest, type ServiceFigures } from "./manifest.ts";
import { FILTER_FILE, MANIFEST_FILE, PATCHES_FILE, SPANS_FILE } from "./segment-files.ts";
import { unfinished_path } from "./segment-directory.ts";
import { Segment } from "./segment.ts";
import type { WrittenRows } from "./written-rows.ts";

/** A page is a whole column of a row group, so that one row costs all of them. DuckDB's own filters are of no use here. */
const PARQUET_OPTIONS =
  "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 2, ROW_GROUP_SIZE 2048, WRITE_BLOOM_FILTER false";

/** What a segment is besides its rows. */
export type SegmentFacts = {
  decoded_bytes: number;
  positions: ReadonlyMap<string, Ulid>;
  replaces: readonly string[];
};

/** Rows that DuckDB selects. */
export type SelectedRows = {
  /** SELECTs of the rows. There is at least one span; keys are unique. */
  spans_sql: string;
  patches_sql: string;
  keys: SegmentKeys;
};

/** A segment that is on disk, and does not count before it has its name. */
export type UnnamedSegment = { name: () => Promise<Segment> };

/**
 * Makes a segment in `directory` of the files that `write_rows` writes into the directory that it is given. Null if there
 * were no rows. Rejects with what DuckDB or the disk say, and then nothing is left of it.
 */
export async function write_unnamed_segment(
  directory: string,
  facts: SegmentFacts,
  write_rows: (directory: string) => Promise<WrittenRows | null>,
): Promise<UnnamedSegment | null> {
  const segment_id = Bun.randomUUIDv7();
  const path = join(directory, segment_id);
  const unfinished = unfinished_path(path);
  const discard = () => rm(unfinished, { recursive: true, force: true });
  const or_discard = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      await discard();
      throw error;
    }
  };
  const name = async () => {
    await rename(unfinished, path);
    await sync(directory);
    return Segment.open(path);
  };
  return or_discard(async () => {
    await mkdir(unfinished, { recursive: true });
    const rows = await write_rows(unfinished);
    if (rows === null) {
      await discard();
      return null;
    }
    await write_manifest(unfinished, segment_id, facts, rows);
    await sync(unfinished);
    return { name: () => or_discard(name) };
  });
}

/** The same, which has its name. */
export async function write_segment(
  directory: string,
  facts: SegmentFacts,
  write_rows: (directory: string) => Promise<WrittenRows | null>,
): Promise<Segment | null> {
  return (await write_unnamed_segment(directory, facts, write_rows))?.name() ?? null;
}

async function write_manifest(
  directory: string,
  segment_id: string,
  { decoded_bytes, positions, replaces }: SegmentFacts,
  rows: WrittenRows,
): Promise<void> {
  const manifest: SegmentManifest = {
    format: 2,
    segment_id,
    sealed_at: new Date().toISOString(),
    positions: Array.from(positions, ([source, key]) => ({ source, last_key: Buffer.from(key).toString("hex") })),
    replaces: [...replaces],
    decoded_bytes,
    ...rows,
  };
  const manifest_path = join(directory, MANIFEST_FILE);
  await writeFile(manifest_path, `${JSON.stringify(manifest, null, 1)}\n`);
  await sync(manifest_path);
}

/** Has DuckDB write rows as the files of a segment, which are durable when this resolves. */
export const write_selected =
  (connection: DuckDBConnection, { spans_sql, patches_sql, keys }: SelectedRows) =>
  async (directory: string): Promise<WrittenRows> => {
    const spans_path = join(directory, SPANS_FILE);
    const patches_path = join(directory, PATCHES_FILE);
    const options = PARQUET_OPTIONS;
    await connection.run(filled(copy_spans_sql, { spans: spans_sql, path: sql_text(spans_path), options }));
    const patches = await connection.run(
      filled(copy_patches_sql, { patches: patches_sql, path: sql_text(patches_path), options }),
    );
    await writeFile(join(directory, FILTER_FILE), filter_bytes(keys));
    const figures = await service_figures(connection, spans_path);
    const files = [];
    for (const name of [SPANS_FILE, PATCHES_FILE, FILTER_FILE]) files.push(await synced_file(directory, name));
    return {
      ...figures,
      span_count: figures.services.reduce((sum, { span_count }) => sum + span_count, 0),
      patch_count: patches.rowsChanged,
      trace_count: keys.traces.size,
      files,
    };
  };

type Figures = { services: ServiceFigures[]; min_start_us: string; max_start_us: string };

async function service_figures(connection: DuckDBConnection, spans_path: string): Promise<Figures> {
  const table = `read_parquet(${sql_text(spans_path)})`;
  const found = await connection.runAndReadAll(service_figures_sql.replace("/*spans*/", table));
  const services: ServiceFigures[] = [];
  let [earliest_us, latest_us] = [2n ** 63n - 1n, -(2n ** 63n)];
  for (const { min_start_us, max_start_us, ...figures } of parse_figures(found.getRowObjectsJson())) {
    services.push(figures);
    if (BigInt(min_start_us) < earliest_us) earliest_us = BigInt(min_start_us);
    if (BigInt(max_start_us) > latest_us) latest_us = BigInt(max_start_us);
  }
  return { services, min_start_us: String(earliest_us), max_start_us: String(latest_us) };
}

/** Makes a file durable and says what it holds. */
async function synced_file(directory: string, name: string): Promise<SegmentManifest["files"][number]> {
  await using file = await open(join(directory, name), "r+");
  await file.sync();
  return { name, ...(await checksum_of(file)) };
}

/** Makes a file's content, or the names in a directory, durable. */
async function sync(path: string): Promise<void> {
  await using handle = await open(path);
  await handle.sync();
}

function filled(sql: string, values: Record<string, string>): string {
  return Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`/*${name}*/`, () => value), sql);
}
