import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
  writevSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import {
  type NewRecord,
  RECORD_HEADER_BYTES,
  record_headers,
  record_seed,
  SEGMENT_HEADER_BYTES,
  segment_header,
  type SegmentExtent,
} from "./record.ts";
import { segment_path } from "./segments.ts";
import { add_to_ulid, type Ulid } from "./ulid.ts";

/** Linux takes no more in one call (IOV_MAX). */
const BUFFERS_MAX = 1024;

/** The newest segment, for writing. */
export class SegmentFile implements Disposable {
  /** Up to where all is on disk, apart from a header that may not be yet. */
  bytes = SEGMENT_HEADER_BYTES;
  last_key: Ulid | null = null;
  /** The file and its name are on disk. */
  is_synced = false;
  private readonly seed: number;

  private constructor(
    readonly start_key: Ulid,
    readonly path: string,
    private readonly file: number,
  ) {
    this.seed = record_seed(start_key);
  }

  /** A new file with nothing but its header, which the first sync brings to disk. `previous` is the one before it. */
  static create(directory: string, start_key: Ulid, previous: SegmentExtent): SegmentFile {
    const path = segment_path(directory, start_key);
    const unnamed = `${path}.new`;
    const file = openSync(unnamed, "w");
    try {
      writeSync(file, segment_header(start_key, previous), 0, SEGMENT_HEADER_BYTES, 0);
      // So that nobody sees it without its header.
      renameSync(unnamed, path);
      return new SegmentFile(start_key, path, file);
    } catch (error) {
      closeSync(file);
      rmSync(unnamed, { force: true });
      throw error;
    }
  }

  get is_empty(): boolean {
    return this.last_key === null;
  }

  /** All records in one write and one fdatasync: on disk when this returns. When it throws, `cut_back` is next. */
  append(records: readonly NewRecord[]): void {
    const headers = record_headers(records, this.is_synced ? this.bytes : 0, this.seed);
    const buffers = records.flatMap(({ body }, index) => [
      headers.subarray(index * RECORD_HEADER_BYTES, (index + 1) * RECORD_HEADER_BYTES),
      body,
    ]);
    const end = this.write(buffers);
    this.sync();
    this.bytes = end;
    const { first_key, span_count } = records[records.length - 1];
    this.last_key = add_to_ulid(first_key, span_count - 1);
  }

  /** Brings the file and its name to disk. */
  sync(): void {
    fdatasyncSync(this.file);
    if (!this.is_synced) sync_directory(dirname(this.path));
    // It costs a microsecond, and nobody would ever find what is written to a file without a name.
    if (fstatSync(this.file).nlink === 0) throw new Error(`${this.path} was removed`);
    this.is_synced = true;
  }

  /** The same, while others go on. */
  async sync_in_background(): Promise<void> {
    if (this.is_synced) return;
    for (const path of [this.path, dirname(this.path)]) {
      await using file = await open(path);
      await file.sync();
    }
    this.is_synced = true;
  }

  /** Takes back what an append that failed has written, if the disk lets it. The file takes no more after that. */
  cut_back(): void {
    try {
      ftruncateSync(this.file, this.bytes);
    } catch {
      // The next segment says where this one ends.
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.file);
  }

  private write(buffers: Uint8Array[]): number {
    let at = this.bytes;
    for (let first = 0; first < buffers.length; first += BUFFERS_MAX) {
      const some = buffers.slice(first, first + BUFFERS_MAX);
      const end = at + some.reduce((sum, { length }) => sum + length, 0);
      const written = writevSync(this.file, some, at);
      at += written;
      if (at < end) at = this.write_rest(some, written, at);
    }
    return at;
  }

  /** The disk took a part: the next call says why. */
  private write_rest(buffers: readonly Uint8Array[], written: number, offset: number): number {
    const rest = Buffer.concat(buffers).subarray(written);
    let at = 0;
    while (at < rest.length) {
      const bytes = writeSync(this.file, rest, at, rest.length - at, offset + at);
      if (bytes === 0) throw new Error(`the disk takes no more than ${offset + at} bytes of ${this.path}`);
      at += bytes;
    }
    return offset + rest.length;
  }
}

/** Brings the names in it to disk. */
export function sync_directory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
