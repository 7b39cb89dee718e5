import type { Page } from "./page.ts";

/** Which page of which file. */
export type PageKey = string;

/** Of all room. A page that takes more has memory of its own, and is not kept. */
const KEPT_SHARE_MAX = 1 / 8;

type Kept = { key: PageKey; page: Page; start: number };

/**
 * Pages that were read last, side by side in memory that is used again and again: a page stays until those that come
 * behind it have gone around once. Of two that are put in one after the other both are there.
 */
export class PageRing {
  private memory: Uint8Array | null = null;
  private at = 0;
  /** As they came: the next one to be overwritten first. */
  private readonly kept = new Map<PageKey, Kept>();

  constructor(private readonly bytes_max: number) {}

  /** Good until a page is put in. */
  get(key: PageKey): Page | undefined {
    return this.kept.get(key)?.page;
  }

  /** Has a page read into memory that has anything in it. Good until two more are put in. */
  put(key: PageKey, read: (room_for: (length: number) => Uint8Array) => Page): Page {
    let start: number | null = null;
    const page = read((length) => {
      if (length > this.bytes_max * KEPT_SHARE_MAX) return new Uint8Array(length);
      // What is not written to takes none.
      this.memory ??= new Uint8Array(this.bytes_max);
      start = this.make_room(length);
      return this.memory.subarray(start, start + length);
    });
    this.kept.delete(key);
    if (start !== null) this.kept.set(key, { key, page, start });
    return page;
  }

  /** Gives where there is room. */
  private make_room(length: number): number {
    if (this.at + length > this.bytes_max) {
      this.drop_between(this.at, this.bytes_max);
      this.at = 0;
    }
    const start = this.at;
    this.at += length;
    this.drop_between(start, this.at);
    return start;
  }

  /** Those that begin there, which came before all others. */
  private drop_between(start: number, end: number): void {
    for (const { key, start: at } of this.kept.values()) {
      if (at < start || at >= end) return;
      this.kept.delete(key);
    }
  }
}
