import { DecodeError } from "./error.ts";

const BYTES_INITIAL = 1 << 20;
/** What an emptied heap keeps; a batch that needed more was an exception. */
const BYTES_KEPT_MAX = 64 << 20;

/**
 * Where the text of a batch lies, one piece behind the other. Cells point into it, and several may share a piece.
 *
 * It grows by doubling up to `bytes_max` and, within reason, keeps its size when emptied: a steady load allocates nothing. Whoever
 * holds `bytes` or `view` across a `reserve` must read it again, since growing moves it.
 */
export class ByteHeap {
  bytes = new Uint8Array(BYTES_INITIAL);
  /** Of the same bytes: writes numbers anywhere. */
  view = new DataView(this.bytes.buffer);
  length = 0;

  constructor(private readonly bytes_max: number) {}

  clear(): void {
    this.length = 0;
    if (this.bytes.length > BYTES_KEPT_MAX) this.replace(new Uint8Array(BYTES_INITIAL));
  }

  /** Makes room for `count` more bytes. Throws DecodeError `too_large` when that is beyond the limit. */
  reserve(count: number): void {
    if (this.length + count > this.bytes.length) this.grow(this.length + count);
  }

  put(piece: Uint8Array): void {
    this.reserve(piece.length);
    this.bytes.set(piece, this.length);
    this.length += piece.length;
  }

  /** Once more what lies there already. */
  put_again(offset: number, length: number): void {
    this.reserve(length);
    this.bytes.copyWithin(this.length, offset, offset + length);
    this.length += length;
  }

  put_byte(byte: number): void {
    this.reserve(1);
    this.bytes[this.length++] = byte;
  }

  put_ascii(text: string): void {
    this.reserve(text.length);
    const out = this.bytes;
    let at = this.length;
    for (let i = 0; i < text.length; i++) out[at++] = text.charCodeAt(i);
    this.length = at;
  }

  private grow(needed: number): void {
    if (needed > this.bytes_max) {
      throw new DecodeError("too_large", `decoded text would take ${needed} bytes, more than ${this.bytes_max}`);
    }
    const bigger = new Uint8Array(Math.min(this.bytes_max, Math.max(needed, this.bytes.length * 2)));
    bigger.set(this.bytes.subarray(0, this.length));
    this.replace(bigger);
  }

  private replace(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}
