import type { Bounds } from "./types.ts";

/** Bounds of longer texts help nobody. */
const BOUND_BYTES_MAX = 256;

/** The least and the greatest of texts, by their bytes; none where one is too long to be kept. */
export class TextBounds {
  private min: Uint8Array | null = null;
  private max: Uint8Array | null = null;
  private is_too_long = false;

  /** The text may be gone when this returns: it is copied where it is kept. */
  add(bytes: Uint8Array, at: number, length: number): void {
    this.is_too_long ||= length > BOUND_BYTES_MAX;
    if (this.is_too_long) return;
    if (this.min === null || compare(bytes, at, length, this.min) < 0) this.min = copied(bytes, at, length);
    if (this.max === null || compare(bytes, at, length, this.max) > 0) this.max = copied(bytes, at, length);
  }

  get found(): Bounds | null {
    const { min, max, is_too_long } = this;
    return is_too_long || min === null || max === null ? null : { min, max };
  }
}

const copied = (bytes: Uint8Array, at: number, length: number): Uint8Array =>
  new Uint8Array(bytes.subarray(at, at + length));

function compare(bytes: Uint8Array, at: number, length: number, other: Uint8Array): number {
  const common = Math.min(length, other.length);
  for (let i = 0; i < common; i++) if (bytes[at + i] !== other[i]) return bytes[at + i] - other[i];
  return length - other.length;
}
