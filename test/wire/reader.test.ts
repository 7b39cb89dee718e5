import { describe, expect, it } from "bun:test";
import fc from "fast-check";
import {
  length_delimited_bytes,
  put_length_delimited,
  put_varint,
  varint_bytes,
  WireError,
  WireReader,
} from "../../src/wire/index.ts";

const varint = (value: bigint): number[] => {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
};
const reader_of = (...bytes: number[]) => new WireReader(Uint8Array.from(bytes));

describe("WireReader", () => {
  it("reads every int64 exactly", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const bytes = varint(value);
        const reader = reader_of(...bytes);
        expect(reader.int64(bytes.length)).toBe(value);
        expect(reader.at).toBe(bytes.length);
      }),
    );
  });

  it("cuts a wider varint to 32 bits as protobuf does", () => {
    expect(reader_of(...varint(-1n)).uint32(10)).toBe(0xffffffff);
    expect(reader_of(...varint(2n ** 40n + 5n)).uint32(6)).toBe(5);
  });

  it("reads what the writer writes", () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (value) => {
        const out = new Uint8Array(varint_bytes(value));
        expect(put_varint(out, 0, value)).toBe(out.length);
        expect(new WireReader(out).varint(out.length)).toBe(value);
      }),
    );
    const content = new Uint8Array(300).fill(7);
    const out = new Uint8Array(length_delimited_bytes(content.length));
    expect(put_length_delimited(out, 0, 3, content)).toBe(out.length);
    const reader = new WireReader(out);
    expect(reader.tag(out.length)).toBe(26);
    expect(reader.length(out.length)).toBe(300);
  });

  it.each([
    ["an empty varint", [], (reader: WireReader) => reader.varint(0), "truncated"],
    ["a varint cut off", [0x80], (reader: WireReader) => reader.varint(1), "truncated"],
    ["an endless varint", Array(11).fill(0x80), (reader: WireReader) => reader.varint(11), "varint_too_long"],
    ["a length past the end", [5, 0], (reader: WireReader) => reader.length(2), "length_past_end"],
    ["fixed32 cut off", [1, 2, 3], (reader: WireReader) => reader.fixed32(3), "truncated"],
    ["fixed64 cut off", Array(7).fill(0), (reader: WireReader) => reader.fixed64(7), "truncated"],
    ["field number 0", [0x01], (reader: WireReader) => reader.tag(1), "bad_field_number"],
    ["a group", [0x0b], (reader: WireReader) => reader.tag(1), "bad_wire_type"],
    ["wire type 7", [0x0f], (reader: WireReader) => reader.tag(1), "bad_wire_type"],
  ] as const)("refuses %s", (_what, bytes, read, code) => {
    let caught: unknown;
    try {
      read(reader_of(...bytes));
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(WireError);
    expect((caught as WireError).code).toBe(code);
  });

  it("stays within the range it is given although the buffer goes on", () => {
    const reader = reader_of(0x80, 0x01);
    expect(() => reader.varint(1)).toThrow(WireError);
  });
});
