import { describe, expect, it } from "bun:test";
import * as fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DecodedBatch } from "../../src/decode/index.ts";
import { cut } from "../../src/receive/cut.ts";
import { type Frame, FrameChecker } from "../../src/receive/frame.ts";
import { split_request } from "../../src/wal/index.ts";
import { WireError } from "../../src/wire/index.ts";

const CAPTURES = join(import.meta.dir, "..", "captures");
const captures = readdirSync(CAPTURES)
  .filter((name) => name.endsWith(".pb"))
  .map((name) => readFileSync(join(CAPTURES, name)));
const checker = new FrameChecker();

/** What the check finds in these bytes; null where they are refused. */
function frame_of(body: Uint8Array): Frame | null {
  try {
    return checker.check(body);
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

const damage = fc.array(fc.record({ place: fc.nat(), byte: fc.nat(255) }), {
  minLength: 1,
  maxLength: 4,
});

describe("a request of which a client was told yes", () => {
  it("can be taken apart and decoded, every span of it, whatever its bytes", () => {
    const batch = new DecodedBatch();
    let taken = 0;
    fc.assert(
      fc.property(fc.constantFrom(...captures), damage, (capture, damage) => {
        const damaged = Uint8Array.from(capture);
        for (const { place, byte } of damage) damaged[place % damaged.length] = byte;
        const frame = frame_of(damaged);
        if (frame === null) return;
        const body = cut(damaged, frame.cuts);
        batch.clear();
        batch.decode_request(body);
        expect(batch.spans.row_count).toBe(frame.span_count);
        expect([...split_request(body)]).toHaveLength(frame.span_count);
        taken++;
      }),
      // A bias towards small numbers would only ever damage the first bytes.
      { numRuns: 2_000, unbiased: true },
    );
    expect(taken).toBeGreaterThan(500);
  });
});
