import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { StoreError } from "../../types.ts";
import { check_length, damage_of } from "../damage.ts";
import { type DatabaseOptions, first_line } from "../database.ts";
import { is_aside, is_obsolete_mark, is_removed, is_unfinished } from "../segments/segment-directory.ts";
import type { Segment } from "../segments/segment.ts";
import type { ReportFault } from "./types.ts";

/** A segment as the catalog has it. */
export type CatalogRow = { segment_id: string; span_count: bigint; patch_count: bigint; file_bytes: bigint };

/** The catalog as it is on disk, which no other process writes until it is disposed of. */
export type LockedCatalog = AsyncDisposable & {
  /** Null: it can't be read, which was reported. */
  readonly rows: readonly CatalogRow[] | null;
};

/** Opens the DuckDB file without writing to it. Rejects with StoreError when another process has it open. */
export async function lock_catalog({ path, ...options }: DatabaseOptions, report: ReportFault): Promise<LockedCatalog> {
  const nothing = { rows: null, [Symbol.asyncDispose]: async () => undefined };
  if (!existsSync(path)) {
    report({ path, what: "is missing" });
    return nothing;
  }
  const settings = { access_mode: "READ_ONLY", memory_limit: `${options.memory_bytes}B`, threads: "1" };
  let instance: DuckDBInstance | undefined;
  try {
    instance = await DuckDBInstance.create(path, settings);
    const connection = await instance.connect();
    await check_length(connection, path);
    const rows = await catalog_rows(connection);
    connection.closeSync();
    const locked = instance;
    return { rows, [Symbol.asyncDispose]: async () => locked.closeSync() };
  } catch (cause) {
    instance?.closeSync();
    const what = first_line(cause);
    if (/could not set lock/i.test(what)) throw new StoreError("unavailable", `can't lock ${path}: ${what}`, { cause });
    report({ path, what: damage_of(cause) === null ? `can't be read: ${what}` : `is damaged: ${what}` });
    return nothing;
  }
}

async function catalog_rows(connection: DuckDBConnection): Promise<CatalogRow[]> {
  const found = await connection.runAndReadAll(
    "SELECT segment_id, span_count, patch_count, file_bytes FROM segments ORDER BY segment_id",
  );
  return found.getRowObjects() as CatalogRow[];
}

/** The directories that the catalog names and that there are; reports what only one of the two has. */
export function check_directories(
  directory: string,
  catalog: readonly CatalogRow[] | null,
  report: ReportFault,
): string[] {
  const names = existsSync(directory) ? readdirSync(directory) : [];
  const segments: string[] = [];
  const known = catalog && new Set(catalog.map(({ segment_id }) => segment_id));
  for (const name of names.sort()) {
    const path = join(directory, name);
    if (is_unfinished(name)) report({ path, what: "is unfinished: the next start removes it" });
    else if (is_removed(name)) report({ path, what: "is removed but for its files: the next start removes those" });
    else if (is_aside(name) || is_obsolete_mark(name)) continue;
    else if (known === null || known.has(name)) segments.push(path);
    else report({ path, what: "is not in the catalog: the next start takes it in or removes it" });
  }
  for (const { segment_id } of catalog ?? []) {
    if (!names.includes(segment_id)) report({ path: join(directory, segment_id), what: "is missing" });
  }
  return segments;
}

/** Compares what the catalog says of segments with what they say themselves. */
export function check_catalog_rows(
  catalog: readonly CatalogRow[],
  segments: readonly Segment[],
  path: string,
  report: ReportFault,
): void {
  const rows = new Map(catalog.map((row) => [row.segment_id, row]));
  for (const { id, manifest, file_bytes } of segments) {
    const row = rows.get(id);
    if (row === undefined) continue;
    const expected = { span_count: manifest.span_count, patch_count: manifest.patch_count, file_bytes };
    for (const [name, value] of Object.entries(expected) as [keyof typeof expected, number][]) {
      if (row[name] !== BigInt(value)) {
        report({ path, what: `has ${name} ${row[name]} of segment ${id}, whose manifest says ${value}` });
      }
    }
  }
}
