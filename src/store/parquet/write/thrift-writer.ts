import { ByteSink } from "./byte-sink.ts";

// Thrift's compact protocol (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).
const STOP = 0;
const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I32 = 5;
const I64 = 6;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;
const SHORT_LIST_MAX = 14;
const STEP_MAX = 15;

/** Writes Parquet's headers. Fields of a struct come with rising numbers; whole numbers are below 2^52. */
export class ThriftWriter {
  private last_field = 0;

  constructor(readonly out: ByteSink) {}

  i32(field: number, value: number): void {
    this.header(field, I32);
    this.integer(value);
  }

  i64(field: number, value: number): void {
    this.header(field, I64);
    this.integer(value);
  }

  byte(field: number, value: number): void {
    this.header(field, BYTE);
    this.out.byte(value);
  }

  boolean(field: number, value: boolean): void {
    this.header(field, value ? TRUE : FALSE);
  }

  binary(field: number, value: Uint8Array): void {
    this.header(field, BINARY);
    this.bytes(value);
  }

  struct(field: number, members: () => void): void {
    this.header(field, STRUCT);
    this.members(members);
  }

  structs<Element>(field: number, elements: readonly Element[], members: (element: Element) => void): void {
    this.list(field, STRUCT, elements.length);
    for (const element of elements) this.members(() => members(element));
  }

  i32s(field: number, values: readonly number[]): void {
    this.list(field, I32, values.length);
    for (const value of values) this.integer(value);
  }

  binaries(field: number, values: readonly Uint8Array[]): void {
    this.list(field, BINARY, values.length);
    for (const value of values) this.bytes(value);
  }

  /** The members of a struct that is no field: the outermost one, or an element. */
  members(write: () => void): void {
    const { last_field } = this;
    this.last_field = 0;
    write();
    this.out.byte(STOP);
    this.last_field = last_field;
  }

  private header(field: number, type: number): void {
    const step = field - this.last_field;
    if (step < 1 || step > STEP_MAX) throw new Error(`field ${field} comes behind ${this.last_field}`);
    this.out.byte((step << 4) | type);
    this.last_field = field;
  }

  private list(field: number, type: number, count: number): void {
    this.header(field, LIST);
    if (count <= SHORT_LIST_MAX) return this.out.byte((count << 4) | type);
    this.out.byte(0xf0 | type);
    this.out.varint(count);
  }

  private bytes(value: Uint8Array): void {
    this.out.varint(value.length);
    this.out.put(value);
  }

  private integer(value: number): void {
    this.out.varint(value < 0 ? -value * 2 - 1 : value * 2);
  }
}
