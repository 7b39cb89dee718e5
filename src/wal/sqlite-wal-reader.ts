import { Database, type Statement } from "bun:sqlite";
import { entry_checksum } from "./checksum.ts";
import { is_damage } from "./damage.ts";
import select_entry_from from "./sql/select-entry-from.sql" with { type: "text" };
import select_key_at_or_before from "./sql/select-key-at-or-before.sql" with { type: "text" };
import select_keys_from from "./sql/select-keys-from.sql" with { type: "text" };
import select_span_count from "./sql/select-span-count.sql" with { type: "text" };
import { WalError, type WalEntry, type WalReader } from "./types.ts";
import { add_to_ulid, compare_ulids, type Ulid, ulid_distance, ULID_BYTES } from "./ulid.ts";

const LOWEST_KEY: Ulid = new Uint8Array(ULID_BYTES);

/** The file is locked for a moment when its writer recovers or closes it. */
const BUSY_TIMEOUT_MS = 1_000;

type KeyRow = { first_key: Ulid };
type EntryRow = KeyRow & { span_count: number; checksum: number | null; body: Uint8Array | null };

const NO_BODY = new Uint8Array();

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
  private readonly select_key_at_or_before: Statement<KeyRow, [Ulid]>;
  private readonly select_keys_from: Statement<KeyRow, [Ulid]>;
  private readonly select_span_count: Statement<{ span_count: number }, [Ulid]>;

  constructor(private readonly database: Database) {
    database.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    this.select_entry_from = database.prepare(select_entry_from);
    this.select_key_at_or_before = database.prepare(select_key_at_or_before);
    this.select_keys_from = database.prepare(select_keys_from);
    this.select_span_count = database.prepare(select_span_count);
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
    this.select_key_at_or_before.finalize();
    this.select_keys_from.finalize();
    this.select_span_count.finalize();
    this.database.close(true);
  }

  /** The lowest first key that an entry with something after `after` can have. */
  private start(after: Ulid | null): Ulid {
    if (after === null) return LOWEST_KEY;
    const next = add_to_ulid(after, 1);
    const holder = this.select_key_at_or_before.get(next)?.first_key;
    if (holder === undefined) return next;
    return compare_ulids(next, this.last_key_of(holder)) <= 0 ? holder : next;
  }

  /** The first entry at or behind `key`, unless it is larger than wanted. */
  private entry_from(key: Ulid, span_count_max: number, bytes_max: number): WalEntry | null {
    try {
      const row = this.select_entry_from.get(key, span_count_max, bytes_max);
      if (row === null || row.body === null) return null;
      const { first_key, span_count, checksum, body } = row;
      if (checksum !== null && checksum !== entry_checksum(first_key, span_count, body)) {
        return this.damaged_entry(first_key, body);
      }
      return { first_key, last_key: add_to_ulid(first_key, span_count - 1), span_count, body, is_damaged: false };
    } catch (error) {
      if (!is_damage(error)) throw error;
      const [row] = this.select_keys_from.all(key);
      return row === undefined ? null : this.damaged_entry(row.first_key, NO_BODY);
    }
  }

  private damaged_entry(first_key: Ulid, body: Uint8Array): WalEntry {
    const last_key = this.last_key_of(first_key);
    return { first_key, last_key, span_count: ulid_distance(first_key, last_key) + 1, body, is_damaged: true };
  }

  /** What the entry says, as long as that can be: it may be the count that is damaged. */
  private last_key_of(first_key: Ulid): Ulid {
    const claimed = add_to_ulid(first_key, Math.max(1, this.span_count_of(first_key)) - 1);
    const following = this.select_keys_from.all(first_key)[1]?.first_key;
    return following === undefined || compare_ulids(claimed, following) < 0 ? claimed : first_key;
  }

  private span_count_of(first_key: Ulid): number {
    try {
      return this.select_span_count.get(first_key)?.span_count ?? 1;
    } catch (error) {
      if (!is_damage(error)) throw error;
      return 1;
    }
  }
}
