import { add_to_ulid, compare_ulids, type Ulid, ulid_of, ULID_BYTES } from "./ulid.ts";

/** Gives keys that rise, whatever the clock does. */
export class KeySource {
  private highest_key: Ulid = new Uint8Array(ULID_BYTES);

  /** `now_ms`: the clock, in milliseconds since 1970. */
  constructor(private readonly now_ms: () => number) {}

  /** The first of `count` consecutive keys that nobody has had. */
  next(count: number): Ulid {
    const fresh = ulid_of(this.now_ms());
    const first_key = compare_ulids(fresh, this.highest_key) > 0 ? fresh : add_to_ulid(this.highest_key, 1);
    this.highest_key = add_to_ulid(first_key, count - 1);
    return first_key;
  }

  /** No key above it was given. */
  get highest(): Ulid {
    return this.highest_key;
  }

  /** Keys from now on lie above `key`. */
  raise(key: Ulid): void {
    if (compare_ulids(key, this.highest_key) > 0) this.highest_key = key;
  }
}
