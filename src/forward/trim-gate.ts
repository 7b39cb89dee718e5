import { compare_ulids, type Ulid } from "../wal/index.ts";

/** Lets the queue forget what none of its readers needs any more. */
export class TrimGate {
  /** By reader, up to where it is done; null: with nothing yet. */
  private readonly done: Map<string, Ulid | null>;

  constructor(
    readers: readonly string[],
    private readonly trim: (through: Ulid) => void,
  ) {
    this.done = new Map(readers.map((reader) => [reader, null]));
  }

  /** The reader needs nothing up to and with this key. */
  release(reader: string, through: Ulid): void {
    this.done.set(reader, through);
    let least = through;
    for (const key of this.done.values()) {
      if (key === null) return;
      if (compare_ulids(key, least) < 0) least = key;
    }
    this.trim(least);
  }
}
