import { LIMITS } from "../../../config/index.ts";
import { BufferGarbage } from "../../../memory/index.ts";
import { StoreError } from "../../types.ts";

/** Where a row is: the place of its source, and its number there. */
export type RowPlace = { source: number; row: number };

const ROWS_FIRST = 64;
const ROWS_MAX = 2048;
/** Text of rows that is fetched at once: what a slow reader of a long list holds in memory. */
const CHARACTERS_WANTED = 4 * 1024 * 1024;
const LARGE_ROW_CHARACTERS = 8 * 1024;
/** Each is in memory about three times before it is sent. */
const UNCOLLECTED_CHARACTERS_MAX = 16 * 1024 * 1024;

const garbage = new BufferGarbage(UNCOLLECTED_CHARACTERS_MAX);

/**
 * Rows by their places, fetched a piece at a time as they are read: as many as the last piece says are not too much.
 *
 * Reading to the end, `return`, or LIMITS.PAGE_READ_MS_MAX release what it holds; whoever does not read it calls `return`.
 */
export class RowPieces<Row> implements AsyncIterableIterator<Row> {
  private piece: readonly Row[] = [];
  private at = 0;
  private next_place = 0;
  private rows_wanted = ROWS_FIRST;
  private is_expired = false;
  private readonly deadline: Timer;

  constructor(
    private readonly places: readonly RowPlace[],
    private readonly fetch: (places: readonly RowPlace[]) => Promise<Row[]>,
    private readonly characters_of: (row: Row) => number,
    private readonly held: Disposable,
  ) {
    this.deadline = setTimeout(() => {
      this.is_expired = true;
      held[Symbol.dispose]();
    }, LIMITS.PAGE_READ_MS_MAX);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Row, undefined>> {
    while (this.at === this.piece.length) {
      if (this.next_place === this.places.length) return this.return();
      await this.fetch_piece();
    }
    return { done: false, value: this.piece[this.at++] };
  }

  async return(): Promise<IteratorResult<Row, undefined>> {
    this.next_place = this.places.length;
    this.piece = [];
    this.at = 0;
    clearTimeout(this.deadline);
    if (!this.is_expired) this.held[Symbol.dispose]();
    this.is_expired = true;
    return { done: true, value: undefined };
  }

  private async fetch_piece(): Promise<void> {
    if (this.is_expired) throw new StoreError("timeout", `the page was not read within ${LIMITS.PAGE_READ_MS_MAX} ms`);
    const places = this.places.slice(this.next_place, this.next_place + this.rows_wanted);
    // Rows in memory are there at once: others want their turn too.
    await new Promise((resolve) => setImmediate(resolve));
    this.piece = await this.fetch(places);
    this.at = 0;
    this.next_place += places.length;
    const characters = this.piece.reduce((sum, row) => sum + this.characters_of(row), 0);
    // Of small rows the collector comes early enough by itself.
    if (characters > places.length * LARGE_ROW_CHARACTERS) garbage.add(characters);
    const fitting = Math.floor((places.length * CHARACTERS_WANTED) / Math.max(1, characters));
    this.rows_wanted = Math.min(ROWS_MAX, Math.max(1, fitting));
  }
}
