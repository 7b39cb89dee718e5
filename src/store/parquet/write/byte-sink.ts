const BYTES_INITIAL = 64 * 1024;
/** Below this a loop is faster than a call. */
const LOOP_BYTES_MAX = 48;

/** Bytes to which others are added. Emptied and filled again, never made anew. */
export class ByteSink {
  bytes = new Uint8Array(BYTES_INITIAL);
  length = 0;

  clear(): void {
    this.length = 0;
  }

  /** What it holds, until it is added to or emptied. */
  get content(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** Four bytes, little endian. */
  uint32(value: number): void {
    this.reserve(4);
    const { bytes, length } = this;
    bytes[length] = value;
    bytes[length + 1] = value >>> 8;
    bytes[length + 2] = value >>> 16;
    bytes[length + 3] = value >>> 24;
    this.length = length + 4;
  }

  /** A number below 2^53, seven bits a byte, lowest first. */
  varint(value: number): void {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 128);
    this.byte(rest);
  }

  put(piece: Uint8Array): void {
    this.reserve(piece.length);
    this.bytes.set(piece, this.length);
    this.length += piece.length;
  }

  /** A part of `from`. */
  copy(from: Uint8Array, at: number, count: number): void {
    this.reserve(count);
    const { bytes, length } = this;
    if (count <= LOOP_BYTES_MAX) for (let i = 0; i < count; i++) bytes[length + i] = from[at + i];
    else bytes.set(from.subarray(at, at + count), length);
    this.length = length + count;
  }

  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const bigger = new Uint8Array(Math.max(this.length + count, this.bytes.length * 2));
    bigger.set(this.content);
    this.bytes = bigger;
  }
}
