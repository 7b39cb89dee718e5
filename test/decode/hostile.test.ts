import { describe, expect, it } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DecodedBatch, DecodeError } from "../../src/decode/index.ts";
import { length_delimited_bytes, put_length_delimited } from "../../src/wire/index.ts";
import { batch_rows } from "../support/batch-rows.ts";
import { request_bytes, span_init, string_value } from "../support/otlp.ts";

const CAPTURE = readFileSync(join(import.meta.dir, "../captures/py-shapes-http.pb"));

const length_delimited = (field: number, content: Uint8Array): Uint8Array => {
  const out = new Uint8Array(length_delimited_bytes(content.length));
  put_length_delimited(out, 0, field, content);
  return out;
};
const joined = (...pieces: ArrayLike<number>[]): Uint8Array =>
  Buffer.concat(pieces.map((piece) => Uint8Array.from(piece)));

/** A request of one span that has these bytes besides its ids. */
const request_of = (span_fields: ArrayLike<number>): Uint8Array => {
  const ids = [length_delimited(1, new Uint8Array(16).fill(1)), length_delimited(2, new Uint8Array(8).fill(2))];
  return length_delimited(1, length_delimited(2, length_delimited(2, joined(...ids, span_fields))));
};
const attribute = (value: ArrayLike<number>) => length_delimited(9, length_delimited(2, Uint8Array.from(value)));

const reused_batch = new DecodedBatch();

function decode_error(body: Uint8Array): DecodeError | null {
  const batch = reused_batch;
  batch.clear();
  try {
    batch.decode_request(body);
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    expect(batch.spans.row_count).toBe(0);
    return error as DecodeError;
  }
  batch_rows(batch, batch.spans);
  return null;
}

describe("hostile bytes", () => {
  it("gives an error or rows at every truncation of a real request, and errors at most of them", () => {
    let errors = 0;
    for (let end = 0; end < CAPTURE.length; end++) if (decode_error(CAPTURE.subarray(0, end)) !== null) errors++;
    expect(errors).toBeGreaterThan(CAPTURE.length * 0.99);
  });

  it.each([
    ["a length past the end of the request", Uint8Array.of(10, 200, 1, 0)],
    ["a length past the end of its message", request_of([42, 100, 65])],
    ["a varint without an end", request_of([48, ...Array(20).fill(0xff)])],
    ["a group", request_of([0x53])],
    ["field number 0", request_of([0x02, 0x00])],
    ["a time cut off", request_of([57, 1, 2, 3])],
    ["an attribute value cut off", request_of(attribute([33, 0, 0]))],
    ["a string past the end inside an attribute", request_of(attribute([10, 50, 65]))],
  ])("refuses %s", (_what, body) => {
    expect(decode_error(body)?.code).toBe("malformed");
  });

  it.each([100, 1_000, 10_000])("refuses arrays nested %i deep", (depth) => {
    let value: Uint8Array = Uint8Array.of(16, 1);
    for (let i = 0; i < depth; i++) value = length_delimited(5, length_delimited(1, value));
    expect(decode_error(request_of(attribute(value)))?.code).toBe("too_deep");
  });

  it("refuses maps nested 1,000 deep", () => {
    let value: Uint8Array = Uint8Array.of(16, 1);
    for (let i = 0; i < 1_000; i++) value = length_delimited(6, length_delimited(1, length_delimited(2, value)));
    expect(decode_error(request_of(attribute(value)))?.code).toBe("too_deep");
  });

  it.each([
    ["no trace id", { traceId: new Uint8Array(0) }, /trace_id of 0 bytes/],
    ["a short trace id", { traceId: new Uint8Array(15).fill(1) }, /trace_id of 15 bytes/],
    ["a zero trace id", { traceId: new Uint8Array(16) }, /trace_id is all zeros/],
    ["a long span id", { spanId: new Uint8Array(9).fill(1) }, /span_id of 9 bytes/],
    ["a zero span id", { spanId: new Uint8Array(8) }, /span_id is all zeros/],
    ["a short parent id", { parentSpanId: new Uint8Array(4).fill(1) }, /parent_span_id of 4 bytes/],
  ])("refuses %s and names it", (_what, ids, message) => {
    const error = decode_error(request_bytes([span_init(ids)]));
    expect(error?.code).toBe("bad_id");
    expect(error?.message).toMatch(message);
  });

  it("takes an all-zero parent id for a root", () => {
    const batch = new DecodedBatch();
    batch.decode_request(request_bytes([span_init({ parentSpanId: new Uint8Array(8) })]));
    expect(batch_rows(batch, batch.spans)[0].parent_span_id).toBeNull();
  });

  it("keeps NUL inside text", () => {
    const batch = new DecodedBatch();
    const attributes = [{ key: "k", value: string_value("c\u0000d") }];
    batch.decode_request(request_bytes([span_init({ name: "a\u0000b", attributes })]));
    expect(batch_rows(batch, batch.spans)[0]).toMatchObject({ name: "a\u0000b", attributes_json: { k: "c\u0000d" } });
  });

  it("passes over unknown fields and fields of another wire type", () => {
    expect(
      decode_error(request_of(joined(length_delimited(15, new Uint8Array(0)), [40, 7, 0x9d, 0x3f, 1, 2, 3, 4]))),
    ).toBeNull();
  });

  it("takes back the rows of a request that fails in its middle, and only those", () => {
    const batch = new DecodedBatch();
    batch.decode_request(request_bytes([span_init()]));
    const before = batch_rows(batch, batch.spans);
    const failing = request_bytes([span_init(), span_init(), span_init({ traceId: new Uint8Array(3) })]);
    expect(() => batch.decode_request(failing)).toThrow(DecodeError);
    expect(batch_rows(batch, batch.spans)).toEqual(before);
  });

  it("refuses a request whose text would outgrow the limit", () => {
    const batch = new DecodedBatch(2 * 1024 * 1024);
    const events = Array.from({ length: 60_000 }, () => ({}));
    expect(() => batch.decode_request(request_bytes([span_init({ events })]))).toThrow(/more than 2097152/);
    batch.decode_request(request_bytes([span_init()]));
    expect(batch.spans.row_count).toBe(1);
  });
});
