import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { SegmentFilter } from "../keys/key-index.ts";
import { type RowSource, sql_text } from "../row-source.ts";
import { parse_manifest, type SegmentManifest, type ServiceFigures } from "./manifest.ts";

export const SPANS_FILE = "spans.parquet";
export const PATCHES_FILE = "state_patches.parquet";
export const FILTER_FILE = "filter.bin";
export const MANIFEST_FILE = "segment.json";

/** A segment's files are not what its manifest says. */
export class SegmentError extends Error {
  override readonly name = "SegmentError";
}

/** Rows that change no more, in a directory of their own. */
export class Segment implements RowSource {
  readonly spans_path: string;
  readonly spans_table: string;
  readonly patches_path: string;
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
}
