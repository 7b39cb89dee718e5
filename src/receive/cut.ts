import { rewrite } from "../wire/index.ts";

const NOTHING = new Uint8Array();

/** A message without the pieces `cuts` (`start, end, start, end, …`, in order, each a run of whole fields of one message). */
export function cut(body: Uint8Array, cuts: readonly number[]): Uint8Array {
  const edits = Array.from({ length: cuts.length / 2 }, (_, index) => ({
    start: cuts[index * 2],
    end: cuts[index * 2 + 1],
    put: NOTHING,
  }));
  return rewrite(body, edits);
}
