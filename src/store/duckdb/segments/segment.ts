import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { SegmentFilter } from "../keys/key-index.ts";
import { type RowSource, sql_list, sql_text } from "../row-source.ts";
import { FILTER_FILE, MANIFEST_FILE, PATCHES_FILE, ROWS_FILE, SPANS_FILE } from "./segment-files.ts";
import { is_marked_obsolete } from "./segment-directory.ts";
import { parse_manifest, type SegmentManifest, type ServiceFigures } from "./manifest.ts";

/** A segment's files are not what its manifest says. */
export class SegmentError extends Error {
  override readonly name = "SegmentError";
}

/** Rows that change no more, in a directory of their own. */
export class Segment implements RowSource {
  readonly spans_path: string;
  /** What stands behind FROM for its spans. */
  readonly spans_table: string;
  readonly patches_path: string;
  /** Where its rows are; DuckDB writes none. */
  readonly rows_path: string;
  readonly services: ReadonlyMap<string, ServiceFigures>;
  readonly min_start_us: bigint;
  readonly max_start_us: bigint;
  readonly file_bytes: number;

  private constructor(
    readonly directory: string,
    readonly manifest: SegmentManifest,
    readonly keys: SegmentFilter,
  ) {
    this.spans_path = join(directory, SPANS_FILE);
    this.spans_table = `read_parquet(${sql_text(this.spans_path)})`;
    this.patches_path = join(directory, PATCHES_FILE);
    this.rows_path = join(directory, ROWS_FILE);
    this.services = new Map(manifest.services.map((figures) => [figures.service_name, figures]));
    this.min_start_us = BigInt(manifest.min_start_us);
    this.max_start_us = BigInt(manifest.max_start_us);
    this.file_bytes = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Reads manifest and filter. Throws SegmentError when a file is missing, has another length or can't be read. */
  static open(directory: string): Segment {
    try {
      const manifest = parse_manifest(readFileSync(join(directory, MANIFEST_FILE), "utf8"));
      for (const { name, bytes } of manifest.files) {
        const found = statSync(join(directory, name)).size;
        if (found !== bytes) throw new Error(`${name} has ${found} bytes, not ${bytes}`);
      }
      // Mapped: what is not asked for takes no memory, and the system takes back what it needs.
      return new Segment(directory, manifest, new SegmentFilter(Bun.mmap(join(directory, FILTER_FILE))));
    } catch (cause) {
      throw new SegmentError(`${directory}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }

  get id(): string {
    return this.manifest.segment_id;
  }

  get has_derived_patches(): boolean {
    return this.manifest.format >= 2;
  }

  get is_obsolete(): boolean {
    return is_marked_obsolete(this.directory);
  }

  async span_keys(connection: DuckDBConnection, trace_ids: Iterable<string>): Promise<string[]> {
    const found = await connection.runAndReadAll(
      `SELECT trace_id || span_id FROM ${this.spans_table} WHERE trace_id IN (${sql_list(trace_ids)})`,
    );
    return found.getRows().map(([key]) => String(key));
  }
}
