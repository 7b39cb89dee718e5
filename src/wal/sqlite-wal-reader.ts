import { Database, type Statement } from "bun:sqlite";
import select_entry_at_or_before from "./sql/select-entry-at-or-before.sql" with { type: "text" };
import select_entry_from from "./sql/select-entry-from.sql" with { type: "text" };
import { WalError, type WalEntry, type WalReader } from "./types.ts";
import { add_to_ulid, compare_ulids, type Ulid, ULID_BYTES } from "./ulid.ts";

const LOWEST_KEY: Ulid = new Uint8Array(ULID_BYTES);

/** The file is locked for a moment when its writer recovers or closes it. */
const BUSY_TIMEOUT_MS = 1_000;

type EntryRow = { first_key: Ulid; span_count: number; body: Uint8Array | null };

/** Opens the queue for reading. There must be one. Throws WalError `cannot_open`. */
export function open_wal_reader(path: string): WalReader {
  try {
    return new SqliteWalReader(new Database(path, { readonly: true }));
  } catch (cause) {
    throw new WalError("cannot_open", `cannot read the queue ${path}`, { cause });
  }
}

class SqliteWalReader implements WalReader {
  private readonly select_entry_from: Statement<EntryRow, [Ulid, number, number]>;
  private readonly select_entry_at_or_before: Statement<Omit<EntryRow, "body">, [Ulid]>;

  constructor(private readonly database: Database) {
    database.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    this.select_entry_from = database.prepare(select_entry_from);
    this.select_entry_at_or_before = database.prepare(select_entry_at_or_before);
  }

  read(after: Ulid | null, { span_count_max, bytes_max }: { span_count_max: number; bytes_max: number }): WalEntry[] {
    try {
      const entries: WalEntry[] = [];
      let spans_left = span_count_max;
      let bytes_left = bytes_max;
      let entry = this.entry_from(this.start(after), Infinity, Infinity);
      while (entry !== null) {
        entries.push(entry);
        spans_left -= entry.span_count;
        bytes_left -= entry.body.length;
        entry = this.entry_from(add_to_ulid(entry.last_key, 1), spans_left, bytes_left);
      }
      return entries;
    } catch (cause) {
      throw new WalError("read_failed", `the queue could not be read: ${String(cause)}`, { cause });
    }
  }

  [Symbol.dispose](): void {
    this.select_entry_from.finalize();
    this.select_entry_at_or_before.finalize();
    this.database.close(true);
  }

  /** The lowest first key that an entry with something after `after` can have. */
  private start(after: Ulid | null): Ulid {
    if (after === null) return LOWEST_KEY;
    const next = add_to_ulid(after, 1);
    const holder = this.select_entry_at_or_before.get(after);
    if (holder === null) return next;
    const behind_holder = add_to_ulid(holder.first_key, holder.span_count);
    return compare_ulids(next, behind_holder) < 0 ? holder.first_key : next;
  }

  /** The first entry at or behind `key`, unless it is larger than wanted. */
  private entry_from(key: Ulid, span_count_max: number, bytes_max: number): WalEntry | null {
    const row = this.select_entry_from.get(key, span_count_max, bytes_max);
    if (row === null || row.body === null) return null;
    const { first_key, span_count, body } = row;
    return { first_key, last_key: add_to_ulid(first_key, span_count - 1), span_count, body };
  }
}
