import { Database, type Statement } from "bun:sqlite";
import schema from "../../schemas/sqlite/wal.sql" with { type: "text" };
import { entry_checksum } from "./checksum.ts";
import { DamageError } from "./damage.ts";
import advance_state from "./sql/advance-state.sql" with { type: "text" };
import delete_through from "./sql/delete-through.sql" with { type: "text" };
import insert_entry from "./sql/insert-entry.sql" with { type: "text" };
import raise_highest_key from "./sql/raise-highest-key.sql" with { type: "text" };
import select_newest from "./sql/select-newest.sql" with { type: "text" };
import select_oldest from "./sql/select-oldest.sql" with { type: "text" };
import select_state from "./sql/select-state.sql" with { type: "text" };
import shrink_state from "./sql/shrink-state.sql" with { type: "text" };
import { add_to_ulid, compare_ulids, type Ulid } from "./ulid.ts";

/** Bodies are some hundred KiB: larger pages make shorter overflow chains. */
export const PAGE_BYTES = 16 * 1024;
/** Free pages up to this much stay in the file: the next requests need them, and giving pages back moves others. */
const FREE_BYTES_KEPT = 64 * 1024 * 1024;
const VACUUM_STEP_PAGES = 256;
/** SQLite's log stays as long as its longest moment was unless it is told otherwise. */
const LOG_BYTES_KEPT = 64 * 1024 * 1024;
/** What one trim transaction takes at most, so that no append waits long for it. */
const TRIM_STEP_ROWS = 256;
const TRIM_STEP_BYTES = 8 * 1024 * 1024;
/** Nobody else writes; a tool that holds the file for a moment is waited for this long. */
const BUSY_TIMEOUT_MS = 250;

export type QueueState = { highest_key: Ulid; queued_bytes: number };
export type NewEntry = { first_key: Ulid; span_count: number; body: Uint8Array };
export type StoredEntry = NewEntry & { checksum: number | null };
type OldEntry = { first_key: Ulid; span_count: number; body_bytes: number };

/**
 * The SQLite file, for writing.
 *
 * A second connection does the trimming with synchronous=NORMAL, which spares an fsync a step: when a power cut undoes a
 * trim, it is trimmed again. Its frames lie in the same log, in order, so that appends stay as durable as they are.
 */
export class QueueFile implements Disposable {
  private readonly appends: Database;
  private readonly trims: Database;
  private readonly insert_entry: Statement;
  private readonly advance_state: Statement;
  private readonly select_oldest: Statement<OldEntry, [Ulid, number]>;
  private readonly delete_through: Statement;
  private readonly shrink_state: Statement;

  constructor(path: string) {
    using cleanup = new DisposableStack();
    this.appends = connect(path, "FULL", cleanup);
    this.appends.run(schema);
    add_checksums(this.appends);
    this.trims = connect(path, "NORMAL", cleanup);
    this.insert_entry = this.appends.prepare(insert_entry);
    this.advance_state = this.appends.prepare(advance_state);
    this.select_oldest = this.trims.prepare(select_oldest);
    this.delete_through = this.trims.prepare(delete_through);
    this.shrink_state = this.trims.prepare(shrink_state);
    cleanup.move();
  }

  state(): QueueState {
    using statement = this.appends.prepare<QueueState, []>(select_state);
    const state = statement.get();
    if (state === null) throw new Error("wal_state has no row");
    return state;
  }

  /** Keys from now on lie above `key`. */
  raise_highest_key(key: Ulid): void {
    this.appends.run(raise_highest_key, [key]);
  }

  /** Throws DamageError when pages don't fit together. Reads all of the file. */
  check_structure(): void {
    const found = pragma(this.appends, "quick_check(1)", "quick_check");
    if (found !== "ok") throw new DamageError(`quick_check: ${found}`);
  }

  /** How many of the newest entries, `bytes_max` of them, are not what was queued. Throws when one can't be read. */
  damaged_entry_count(bytes_max: number): number {
    using statement = this.appends.prepare<StoredEntry, []>(select_newest);
    let count = 0;
    let bytes = 0;
    for (const { first_key, span_count, checksum, body } of statement.iterate()) {
      if (checksum !== null && checksum !== entry_checksum(first_key, span_count, body)) count++;
      bytes += body.length;
      if (bytes >= bytes_max) break;
    }
    return count;
  }

  /** All entries in one transaction, on disk when this returns; none of them when it throws. */
  append(entries: readonly NewEntry[], highest_key: Ulid): void {
    this.appends.transaction(() => {
      let added_bytes = 0;
      for (const { first_key, span_count, body } of entries) {
        this.insert_entry.run(first_key, span_count, body, entry_checksum(first_key, span_count, body));
        added_bytes += body.length;
      }
      this.advance_state.run(highest_key, added_bytes);
    })();
  }

  /** Deletes some of the entries that end at or before `through`. */
  trim_step(through: Ulid): { trimmed_bytes: number; is_done: boolean } {
    return this.trims.transaction(() => {
      const rows = this.select_oldest.all(through, TRIM_STEP_ROWS);
      let trimmed_bytes = 0;
      let count = 0;
      for (const { first_key, span_count, body_bytes } of rows) {
        if (compare_ulids(add_to_ulid(first_key, span_count - 1), through) > 0) break;
        if (count > 0 && trimmed_bytes + body_bytes > TRIM_STEP_BYTES) break;
        trimmed_bytes += body_bytes;
        count++;
      }
      if (count === 0) return { trimmed_bytes, is_done: true };
      this.delete_through.run(rows[count - 1].first_key);
      this.shrink_state.run(trimmed_bytes);
      return { trimmed_bytes, is_done: false };
    })();
  }

  /** Gives some free pages back to the disk; false when there are no more than are worth keeping. */
  vacuum_step(): boolean {
    const free_bytes = Number(pragma(this.trims, "freelist_count")) * PAGE_BYTES;
    if (free_bytes <= FREE_BYTES_KEPT) return false;
    this.trims.run(`PRAGMA incremental_vacuum(${VACUUM_STEP_PAGES})`);
    return true;
  }

  [Symbol.dispose](): void {
    for (const statement of [this.select_oldest, this.delete_through, this.shrink_state]) statement.finalize();
    this.trims.close(true);
    for (const statement of [this.insert_entry, this.advance_state]) statement.finalize();
    this.appends.close(true);
  }
}

/**
 * `cleanup` closes it when the queue can't be opened after all. Left to the garbage collector it would end later, and take
 * with it the log of whatever has that name by then.
 */
function connect(path: string, synchronous: "FULL" | "NORMAL", cleanup: DisposableStack): Database {
  const database = cleanup.adopt(new Database(path), (opened) => opened.close());
  // The first two count only before the first page is written, which journal_mode does.
  database.run(`PRAGMA page_size = ${PAGE_BYTES}`);
  database.run("PRAGMA auto_vacuum = INCREMENTAL");
  database.run("PRAGMA journal_mode = WAL");
  database.run(`PRAGMA synchronous = ${synchronous}`);
  database.run(`PRAGMA journal_size_limit = ${LOG_BYTES_KEPT}`);
  database.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  return database;
}

/** Queues of earlier releases have none. */
function add_checksums(database: Database): void {
  using columns = database.prepare<{ name: string }, []>("PRAGMA table_info(wal)");
  if (columns.all().some(({ name }) => name === "checksum")) return;
  database.run("ALTER TABLE wal ADD COLUMN checksum INTEGER");
}

function pragma(database: Database, name: string, column = name): string | number | undefined {
  using statement = database.prepare<Record<string, string | number>, []>(`PRAGMA ${name}`);
  return statement.get()?.[column];
}
