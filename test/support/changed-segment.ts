import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { run_sql } from "./sql.ts";

type Manifest = { format: number; segment_id: string; files: { name: string; bytes: number; crc32: number }[] };

/** Lets a segment's manifest say what its files are now. */
export function make_manifest_true(directory: string, change: Partial<Manifest> = {}): void {
  const path = join(directory, "segment.json");
  const manifest = { ...(JSON.parse(readFileSync(path, "utf8")) as Manifest), ...change };
  for (const file of manifest.files) {
    const bytes = readFileSync(join(directory, file.name));
    Object.assign(file, { bytes: bytes.length, crc32: crc32(bytes) });
  }
  writeFileSync(path, JSON.stringify(manifest));
}

/** Puts other rows into a file. */
export async function rewrite(path: string, select: string): Promise<void> {
  await run_sql(`COPY (${select}) TO '${path}.new' (FORMAT parquet, COMPRESSION zstd)`);
  renameSync(`${path}.new`, path);
}
