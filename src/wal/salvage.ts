import { Database, type Statement } from "bun:sqlite";
import { entry_checksum } from "./checksum.ts";
import { is_damage } from "./damage.ts";
import type { QueueFile, QueueState, StoredEntry } from "./queue-file.ts";
import select_state from "./sql/select-state.sql" with { type: "text" };
import { add_to_ulid, type Ulid, ULID_BYTES } from "./ulid.ts";

/** Rows that can't be found by going down from the newest are looked for this far. */
const ROWS_MAX = 1_000_000;

/** Entries in one transaction: an fsync for each would take long. */
const BATCH_ENTRIES = 64;

export type Salvaged = { entries: number; lost_entries: number };

type RowRange = { low: number; high: number };

/** Takes over every entry that can still be read whole, under its own key. */
export function salvage(damaged_path: string, into: QueueFile): Salvaged {
  let entries = 0;
  let unreadable_rows = 0;
  const batch: StoredEntry[] = [];
  const flush = () => {
    const last = batch.at(-1);
    if (last !== undefined) into.append(batch, add_to_ulid(last.first_key, last.span_count - 1));
    entries += batch.splice(0).length;
  };
  try {
    using damaged = new Database(damaged_path, { readonly: true });
    const entry_count = unless_damaged(() => first_value(damaged, "SELECT count(first_key) AS value FROM wal"));
    using by_row = damaged.prepare<StoredEntry, [number]>(
      "SELECT first_key, span_count, checksum, body FROM wal WHERE rowid = ?1",
    );
    // Row by row: what is behind an unreadable page is found all the same.
    const { low, high } = row_range(damaged);
    for (let row = low; row <= high; row++) {
      const entry = read_entry(by_row, row);
      if (entry === "unreadable") unreadable_rows++;
      else if (entry !== null) batch.push(entry);
      if (batch.length === BATCH_ENTRIES) flush();
    }
    flush();
    into.raise_highest_key(highest_key(damaged));
    return { entries, lost_entries: entry_count === null ? unreadable_rows : entry_count - entries };
  } catch (error) {
    if (!is_damage(error)) throw error;
    // Not even its tables can be found any more.
    return { entries, lost_entries: unreadable_rows };
  }
}

function read_entry(by_row: Statement<StoredEntry, [number]>, row: number): StoredEntry | null | "unreadable" {
  try {
    const entry = by_row.get(row);
    if (entry === null) return null;
    const { first_key, span_count, checksum, body } = entry;
    return checksum === null || checksum === entry_checksum(first_key, span_count, body) ? entry : "unreadable";
  } catch (error) {
    if (is_damage(error)) return "unreadable";
    throw error;
  }
}

function row_range(damaged: Database): RowRange {
  const at_end = (order: "ASC" | "DESC") =>
    unless_damaged(() => first_value(damaged, `SELECT rowid AS value FROM wal ORDER BY rowid ${order} LIMIT 1`));
  const low = at_end("ASC");
  const high = at_end("DESC");
  if (high === null) return { low: low ?? 1, high: (low ?? 1) + ROWS_MAX };
  return { low: low ?? Math.max(1, high - ROWS_MAX), high };
}

function first_value(damaged: Database, sql: string): number {
  using statement = damaged.prepare<{ value: number }, []>(sql);
  return statement.get()?.value ?? 0;
}

function highest_key(damaged: Database): Ulid {
  const state = unless_damaged(() => {
    using statement = damaged.prepare<QueueState, []>(select_state);
    return statement.get();
  });
  const key = state?.highest_key;
  return key?.length === ULID_BYTES ? key : new Uint8Array(ULID_BYTES);
}

function unless_damaged<Result>(read: () => Result): Result | null {
  try {
    return read();
  } catch (error) {
    if (is_damage(error)) return null;
    throw error;
  }
}
