import { distance } from "fastest-levenshtein";

/** The one of the names that was probably meant, or null. */
export function nearest(written: string, names: readonly string[]): string | null {
  const by_distance = names
    .map((name) => ({ name, far: distance(written.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.far - b.far);
  const [best] = by_distance;
  return best !== undefined && best.far <= Math.max(1, Math.floor(written.length / 3)) ? best.name : null;
}
