import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { ByteSink } from "./byte-sink.ts";

/** So much is written at once. */
const WRITE_BYTES = 1024 * 1024;

/** A file that grows at its end. What is put into `bytes` is written now and then. Throws what the system says. */
export class FileSink implements Disposable {
  readonly bytes = new ByteSink();
  private readonly descriptor: number;
  private written_bytes = 0;
  private checksum = 0;

  /** Makes the file, or empties it. */
  constructor(path: string) {
    this.descriptor = openSync(path, "w");
  }

  /** Where in the file the next byte comes. */
  get position(): number {
    return this.written_bytes + this.bytes.length;
  }

  /** Writes what has come together, if it is much. */
  write(): void {
    if (this.bytes.length >= WRITE_BYTES) this.flush();
  }

  /** Writes the rest and makes it durable. */
  finish(): { bytes: number; crc32: number } {
    this.flush();
    fsyncSync(this.descriptor);
    return { bytes: this.written_bytes, crc32: this.checksum };
  }

  [Symbol.dispose](): void {
    closeSync(this.descriptor);
  }

  private flush(): void {
    const { content } = this.bytes;
    for (let at = 0; at < content.length;) at += writeSync(this.descriptor, content, at);
    this.checksum = crc32(content, this.checksum);
    this.written_bytes += content.length;
    this.bytes.clear();
  }
}
