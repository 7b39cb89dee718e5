import { readFileSync } from "node:fs";
import { join } from "node:path";
import { capture_body, capture_names } from "../support/captures.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { mutate_json, mutate_wire } from "./mutate.ts";
import { judge_json, judge_wire } from "./oracle.ts";
import { random_request } from "./random-request.ts";

/** Larger captures only slow it down. */
const CAPTURE_BYTES_MAX = 16 * 1024;
const JSON_SHARE = 0.3;
const RANDOM_REQUEST_COUNT = 40;

export type Finding = { kind: "pb" | "json"; input: Uint8Array; error: unknown };
export type Counts = { taken: number; refused: number };

/** Makes inputs from what SDKs have sent and from the schema, and changes them. Input n of a seed is always the same. */
export class Fuzzer {
  readonly counts: Record<"pb" | "json", Counts> = { pb: { taken: 0, refused: 0 }, json: { taken: 0, refused: 0 } };
  private readonly wire: Uint8Array[];
  private readonly json: string[];

  constructor(private readonly seed: number) {
    const random = new SeededRandom(seed);
    const small = (ending: string) =>
      capture_names(ending)
        .map(capture_body)
        .filter(({ length }) => length <= CAPTURE_BYTES_MAX);
    this.wire = [...small(".pb"), ...Array.from({ length: RANDOM_REQUEST_COUNT }, () => random_request(random))];
    this.json = small(".json").map((body) => body.toString());
  }

  /** Judges one input; null when all that must hold does. */
  try_input(number: number): Finding | null {
    const random = new SeededRandom(this.seed + number * 7919);
    const kind = random.chance(JSON_SHARE) ? "json" : "pb";
    const input =
      kind === "json"
        ? Buffer.from(mutate_json(random, random.pick(this.json)))
        : mutate_wire(random, random.pick(this.wire), this.wire);
    try {
      this.counts[kind][judge(kind, input)]++;
      return null;
    } catch (error) {
      return { kind, input, error };
    }
  }
}

export const judge = (kind: "pb" | "json", input: Uint8Array): "taken" | "refused" =>
  kind === "json" ? judge_json(input) : judge_wire(input);

/** Inputs that were found to do harm once. */
export const FINDINGS = join(import.meta.dir, "../captures/fuzz");
export const finding_body = (name: string): Uint8Array => readFileSync(join(FINDINGS, name));
