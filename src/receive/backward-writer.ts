import { put_varint, varint_bytes } from "../wire/index.ts";

const FIRST_BYTES = 64 * 1024;
const LOW_SEVEN_BITS = 0x7fn;

/**
 * Writes a protobuf message from its last byte to its first: a length prefix goes in front of content that is written
 * already, so that no size has to be computed beforehand.
 */
export class BackwardWriter {
  private buffer = Buffer.allocUnsafe(FIRST_BYTES);
  private at = this.buffer.length;

  /** How much is written. */
  get byte_count(): number {
    return this.buffer.length - this.at;
  }

  bytes(): Uint8Array {
    return this.buffer.subarray(this.at);
  }

  raw(content: Uint8Array): void {
    this.make_room(content.length);
    this.buffer.set(content, this.at);
  }

  text(content: string): void {
    this.make_room(Buffer.byteLength(content));
    this.buffer.write(content, this.at);
  }

  /** A non-negative integer up to 2^53. */
  varint(value: number): void {
    this.make_room(varint_bytes(value));
    put_varint(this.buffer, this.at, value);
  }

  /** 64 bits; negative numbers as their two's complement. */
  varint64(value: bigint): void {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, value);
    do {
      bytes.push(Number(rest & LOW_SEVEN_BITS) | (rest > LOW_SEVEN_BITS ? 0x80 : 0));
      rest >>= 7n;
    } while (rest > 0n);
    this.raw(Uint8Array.from(bytes));
  }

  fixed32(value: number): void {
    this.make_room(4);
    this.buffer.writeUInt32LE(value, this.at);
  }

  fixed64(value: bigint): void {
    this.make_room(8);
    this.buffer.writeBigUInt64LE(value, this.at);
  }

  double(value: number): void {
    this.make_room(8);
    this.buffer.writeDoubleLE(value, this.at);
  }

  /** Length and key of a length-delimited field whose content is what was written since `byte_count` was `since`. */
  prefix(key: number, since: number): void {
    this.varint(this.byte_count - since);
    this.varint(key);
  }

  private make_room(byte_count: number): void {
    if (byte_count > this.at) this.grow(byte_count);
    this.at -= byte_count;
  }

  private grow(byte_count: number): void {
    const written = this.bytes();
    const larger = Buffer.allocUnsafe(2 * (this.buffer.length + byte_count));
    larger.set(written, larger.length - written.length);
    this.at = larger.length - written.length;
    this.buffer = larger;
  }
}
