import { WireError } from "./error.ts";

export const WIRE = { varint: 0, fixed64: 1, length_delimited: 2, fixed32: 5 } as const;
export type WireType = (typeof WIRE)[keyof typeof WIRE];

/**
 * A cursor over one buffer.
 *
 * `at` is the next byte to read. Each call checks that what it reads lies before `end` (exclusive) and throws WireError
 * otherwise, leaving `at` undefined. `reset` it to read another buffer: one reader serves a thread.
 */
export class WireReader {
  at = 0;
  bytes: Uint8Array;
  /** Of the same bytes: reads numbers that lie anywhere. */
  view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = view_of(bytes);
  }

  reset(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = view_of(bytes);
    this.at = 0;
  }

  /**
   * A field's key: field number × 8 + wire type, as one number to switch on.
   * Groups (wire types 3 and 4) are refused: proto3 has none.
   */
  tag(end: number): number {
    const start = this.at;
    const tag = this.varint(end);
    if (tag < 8 || tag > 0xffffffff) throw new WireError("bad_field_number", start, `field key ${tag}`);
    const type = tag & 7;
    if (type === 3 || type === 4 || type > 5) throw new WireError("bad_wire_type", start, `wire type ${type}`);
    return tag;
  }

  /** A varint as a number. Exact up to 2^53; a larger one loses its low digits, so read those with `int64`. */
  varint(end: number): number {
    const bytes = this.bytes;
    let at = this.at;
    if (at >= end) throw new WireError("truncated", at, "varint cut off");
    let byte = bytes[at++];
    if (byte < 0x80) {
      this.at = at;
      return byte;
    }
    let value = byte & 0x7f;
    let scale = 128;
    for (let i = 1; i < 10; i++) {
      if (at >= end) throw new WireError("truncated", at, "varint cut off");
      byte = bytes[at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        this.at = at;
        return value;
      }
      scale *= 128;
    }
    throw new WireError("varint_too_long", this.at, "varint of more than 10 bytes");
  }

  /** A varint as the 64 bits of a signed integer, every digit kept. */
  int64(end: number): bigint {
    const start = this.at;
    const value = this.varint(end);
    return value <= Number.MAX_SAFE_INTEGER ? BigInt(value) : BigInt.asIntN(64, this.exact_since(start));
  }

  /** A varint cut to its low 32 bits, as protobuf reads uint32 and enum fields that were sent wider; unsigned. */
  uint32(end: number): number {
    const start = this.at;
    const value = this.varint(end);
    return value <= 0xffffffff ? value : Number(BigInt.asUintN(32, this.exact_since(start)));
  }

  /** A length prefix: how many bytes follow. They lie before `end`. */
  length(end: number): number {
    const start = this.at;
    const length = this.varint(end);
    if (length > end - this.at) throw new WireError("length_past_end", start, `length ${length} past the end`);
    return length;
  }

  /** Little-endian, unsigned. */
  fixed32(end: number): number {
    const at = this.advance(4, end);
    const b = this.bytes;
    return (b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24)) >>> 0;
  }

  /** Steps over 8 bytes and gives where they start. */
  fixed64(end: number): number {
    return this.advance(8, end);
  }

  /** Passes over the field whose key was just read. */
  skip(tag: number, end: number): void {
    switch (tag & 7) {
      case WIRE.varint:
        this.varint(end);
        return;
      case WIRE.fixed64:
        this.advance(8, end);
        return;
      case WIRE.length_delimited: {
        const length = this.length(end);
        this.at += length;
        return;
      }
      case WIRE.fixed32:
        this.advance(4, end);
        return;
      default:
        throw new WireError("bad_wire_type", this.at, `wire type ${tag & 7}`);
    }
  }

  private advance(count: number, end: number): number {
    const at = this.at;
    if (count > end - at) throw new WireError("truncated", at, `${count} bytes cut off`);
    this.at = at + count;
    return at;
  }

  /** The varint between `start` and `at`, once more and exactly. */
  private exact_since(start: number): bigint {
    let exact = 0n;
    for (let i = start, shift = 0n; i < this.at; i++, shift += 7n) exact |= BigInt(this.bytes[i] & 0x7f) << shift;
    return exact;
  }
}

const view_of = ({ buffer, byteOffset, length }: Uint8Array): DataView => new DataView(buffer, byteOffset, length);
