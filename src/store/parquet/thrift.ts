import { ParquetError } from "./error.ts";

// Thrift's compact protocol (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).
const STOP = 0;
const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I16 = 4;
const I32 = 5;
const I64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const SET = 10;
const STRUCT = 12;
const LONG_LIST = 15;

/** Reads Parquet's headers, which Thrift writes. Whole numbers are below 2^53 in all of them. */
export class ThriftReader {
  constructor(
    private readonly bytes: Uint8Array,
    public at = 0,
  ) {}

  /** Calls `field` with each field's number and type; it reads the field, or gives false to have it passed over. */
  struct(field: (id: number, type: number) => boolean): void {
    let id = 0;
    for (;;) {
      const header = this.byte();
      const type = header & 15;
      if (type === STOP) return;
      const step = header >> 4;
      id = step === 0 ? this.integer() : id + step;
      if (!field(id, type)) this.skip(type);
    }
  }

  /** Calls `element` for each, with how many there are. */
  list(element: (count: number) => void): void {
    const { count } = this.list_header();
    for (let i = 0; i < count; i++) element(count);
  }

  integer(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  binary(): Uint8Array {
    const length = this.varint();
    this.at += length;
    if (this.at > this.bytes.length) throw new ParquetError("a header ends early");
    return this.bytes.subarray(this.at - length, this.at);
  }

  private list_header(): { count: number; type: number } {
    const header = this.byte();
    const count = header >> 4;
    return { count: count === LONG_LIST ? this.varint() : count, type: header & 15 };
  }

  private skip(type: number): void {
    switch (type) {
      case TRUE:
      case FALSE:
        return;
      case BYTE:
        this.at++;
        return;
      case I16:
      case I32:
      case I64:
        this.varint();
        return;
      case DOUBLE:
        this.at += 8;
        return;
      case BINARY:
        this.binary();
        return;
      case LIST:
      case SET: {
        const { count, type: element } = this.list_header();
        // In a list a boolean takes a byte of its own.
        for (let i = 0; i < count; i++) this.skip(element === TRUE || element === FALSE ? BYTE : element);
        return;
      }
      case STRUCT:
        this.struct(() => false);
        return;
      default:
        throw new ParquetError(`a header has a field of type ${type}`);
    }
  }

  private byte(): number {
    if (this.at >= this.bytes.length) throw new ParquetError("a header ends early");
    return this.bytes[this.at++];
  }

  private varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }
}
