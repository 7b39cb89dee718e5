import { DecodedBatch, DecodeError } from "../../src/decode/index.ts";
import { cut } from "../../src/receive/cut.ts";
import { ReceiveError } from "../../src/receive/error.ts";
import { type Frame, FrameChecker } from "../../src/receive/frame.ts";
import { JsonToWire, parse_json } from "../../src/receive/json.ts";
import { split_request } from "../../src/wal/index.ts";
import { WireError } from "../../src/wire/index.ts";
import { batch_rows } from "../support/batch-rows.ts";

/** What one input of at most some ten KiB may take. */
const INPUT_MS_MAX = 1_000;

const checker = new FrameChecker();
const batch = new DecodedBatch();

/** What must hold for every body that is sent to /v1/traces as protobuf. Throws when it doesn't. */
export function judge_wire(body: Uint8Array): "taken" | "refused" {
  return in_time(() => {
    decode_or_refuse(body);
    const frame = frame_or_null(body);
    if (frame === null) return "refused";
    const kept = cut(body, frame.cuts);
    judge_kept(kept, frame.span_count);
    return "taken";
  });
}

/** The same for OTLP JSON: what the door lets in is a request that the frame check takes. */
export function judge_json(body: Uint8Array): "taken" | "refused" {
  return in_time(() => {
    const wire = wire_or_null(body);
    if (wire === null) return "refused";
    const frame = checker.check(wire);
    judge_kept(cut(wire, frame.cuts), frame.span_count);
    return "taken";
  });
}

/** What is left after the cuts is a request of as many spans, of which no reader finds one more or one less. */
function judge_kept(kept: Uint8Array, span_count: number): void {
  const again = checker.check(kept);
  expect_equal("spans in what is kept", again.span_count, span_count);
  expect_equal("cuts in what is kept", again.cuts.length, 0);
  expect_equal("spans split off", [...split_request(kept)].length, span_count);
  batch.clear();
  batch.decode_request(kept);
  expect_equal("spans decoded", batch.spans.row_count, span_count);
  read_cells();
}

function decode_or_refuse(body: Uint8Array): void {
  batch.clear();
  try {
    batch.decode_request(body);
    read_cells();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    expect_equal("rows of what could not be decoded", batch.spans.row_count + batch.patches.row_count, 0);
  }
}

/** Text that is not UTF-8, or JSON that is none, throws. */
function read_cells(): void {
  batch_rows(batch, batch.spans);
  batch_rows(batch, batch.patches);
}

function frame_or_null(body: Uint8Array): Frame | null {
  try {
    return checker.check(body);
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

function wire_or_null(body: Uint8Array): Uint8Array | null {
  try {
    return new JsonToWire().convert(parse_json(body));
  } catch (error) {
    if (error instanceof ReceiveError && error.code === "malformed") return null;
    throw error;
  }
}

function in_time<Result>(work: () => Result): Result {
  const began_ms = performance.now();
  const result = work();
  const took_ms = performance.now() - began_ms;
  if (took_ms > INPUT_MS_MAX) throw new Error(`took ${Math.round(took_ms)} ms`);
  return result;
}

function expect_equal(what: string, found: number, wanted: number): void {
  if (found !== wanted) throw new Error(`${what}: ${found}, not ${wanted}`);
}
