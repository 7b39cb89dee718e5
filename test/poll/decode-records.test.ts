import { expect, it } from "bun:test";
import { DecodedBatch } from "../../src/decode/index.ts";
import { decode_records } from "../../src/poll/decode-records.ts";
import { request_bytes, span_init } from "../support/otlp.ts";
import { next_key } from "../support/store.ts";

it("makes a dead letter of a record that its source knows as damaged, even if it can be decoded", async () => {
  const records = [true, false].map((is_damaged) => {
    const key = next_key();
    return { first_key: key, last_key: key, body: request_bytes([span_init()]), is_damaged };
  });
  const batch = new DecodedBatch();
  const letters = await decode_records(records, batch, "queue");
  expect(letters).toEqual([
    {
      source: "queue",
      key: records[0].first_key,
      body: records[0].body,
      reason: "damaged: not the bytes that were queued",
    },
  ]);
  expect(batch.spans.row_count).toBe(1);
});
