import { describe, expect, it } from "bun:test";
import { DecodedBatch } from "../../src/decode/index.ts";
import { type BatchRow, batch_rows } from "../support/batch-rows.ts";
import { capture_body, capture_names, capture_spans, expected_patches, expected_row } from "../support/captures.ts";

/** The named columns are exactly as wanted; others are not looked at. */
function expect_columns(row: BatchRow, wanted: BatchRow): void {
  expect(Object.fromEntries(Object.keys(wanted).map((column) => [column, row[column]]))).toEqual(wanted);
}

describe("what real SDKs send", () => {
  for (const file of capture_names(".pb")) {
    it(`decodes ${file} as the reference decoder does`, () => {
      const expected = capture_spans(file);
      const batch = new DecodedBatch();
      batch.decode_request(capture_body(file));

      const rows = batch_rows(batch, batch.spans);
      expect(rows.length).toBe(expected.length);
      for (const [index, span] of expected.entries()) expect_columns(rows[index], expected_row(span));
      const patches = batch_rows(batch, batch.patches);
      const wanted = expected_patches(expected);
      expect(patches.length).toBe(wanted.length);
      for (const [index, patch] of wanted.entries()) expect_columns(patches[index], patch);
    });
  }
});
