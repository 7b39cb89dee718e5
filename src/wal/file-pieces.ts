import { closeSync, openSync, readSync } from "node:fs";

const PIECE_BYTES_MIN = 64 * 1024;
const PIECE_BYTES_MAX = 4 * 1024 * 1024;

/** Reads a file front to back in pieces that grow, so that a little costs little and much costs few calls. */
export class FilePieces implements Disposable {
  private readonly file: number;
  private piece = Buffer.alloc(0);
  private piece_offset = 0;
  private piece_bytes = PIECE_BYTES_MIN;

  constructor(
    path: string,
    private readonly allocate: (bytes: number) => Buffer<ArrayBuffer> = (bytes) => Buffer.allocUnsafeSlow(bytes),
  ) {
    this.file = openSync(path, "r");
  }

  /** These bytes, or as many of them as there are. They stay as they are, as far as `allocate` lets them: no later read writes to them. */
  read(offset: number, bytes: number): Buffer {
    return this.read_all(offset, bytes).subarray(0, bytes);
  }

  /** The same, and what was read together with them. */
  read_all(offset: number, bytes_min: number): Buffer {
    const is_there = offset >= this.piece_offset && offset + bytes_min <= this.piece_offset + this.piece.length;
    if (!is_there) this.read_piece(offset, bytes_min);
    return this.piece.subarray(offset - this.piece_offset);
  }

  /** Reads anew what may have been written meanwhile. */
  forget(): void {
    this.piece = Buffer.alloc(0);
  }

  [Symbol.dispose](): void {
    closeSync(this.file);
  }

  private read_piece(offset: number, bytes_min: number): void {
    const piece = this.allocate(Math.max(bytes_min, this.piece_bytes));
    this.piece_bytes = Math.min(PIECE_BYTES_MAX, this.piece_bytes * 4);
    let bytes = 0;
    while (bytes < piece.length) {
      const read = readSync(this.file, piece, bytes, piece.length - bytes, offset + bytes);
      if (read === 0) break;
      bytes += read;
    }
    this.piece = piece.subarray(0, bytes);
    this.piece_offset = offset;
  }
}
