import { Database, SQLiteError } from "bun:sqlite";
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Logger } from "../observe/index.ts";
import type { KeySource } from "./key-source.ts";
import { lock_queue } from "./lock.ts";
import type { NewRecord } from "./record.ts";
import { sync_directory } from "./segment-file.ts";
import type { SegmentLog } from "./segment-log.ts";
import { list_segments } from "./segments.ts";
import { add_to_ulid, compare_ulids, type Ulid, ULID_BYTES } from "./ulid.ts";

const NAME = "queue.sqlite";
/** A commit for each entry would take long. */
const BATCH_BYTES = 4 * 1024 * 1024;

/** Releases before the second had no checksum. */
export type SqliteRow = NewRecord & { checksum?: number | null };

/** Its taking over has begun and not ended: what is in segments is a part of what it still holds. */
const MARKER = "taking-over";

/** The queue of an earlier release, which the next start takes over; null: there is none. */
export function sqlite_queue_path(directory: string): string | null {
  const path = join(directory, NAME);
  return existsSync(path) ? path : null;
}

/** To be called before the segments are looked into. */
export function undo_unfinished_take_over(directory: string): void {
  const marker = join(directory, MARKER);
  if (!existsSync(marker)) return;
  if (existsSync(join(directory, NAME))) for (const { path } of list_segments(directory)) rmSync(path);
  rmSync(marker);
}

/**
 * Earlier releases queued in a SQLite file. When there is one, its entries go into segments under their own keys, and it
 * is removed once they are on disk. When something in it can't be read, it is kept under another name and the log says so.
 * Gives how many entries were lost.
 */
export function take_over_sqlite_queue(
  directory: string,
  { log, keys }: { log: SegmentLog; keys: KeySource },
  logger: Logger,
): number {
  const path = join(directory, NAME);
  if (!existsSync(path)) return 0;
  // A server of such a release may still be running.
  using _lock = lock_queue(directory, `${NAME}.lock`);
  writeFileSync(join(directory, MARKER), "");
  sync_directory(directory);
  const { entries, lost_entries } = take_over(path, log, keys);
  if (lost_entries === 0) {
    for (const suffix of ["", "-wal", "-shm", ".lock"]) rmSync(path + suffix, { force: true });
    logger.info({ path, entries }, "the queue of an earlier release was taken over");
  } else {
    const found = { path, kept_as: move_aside(path), entries, lost_entries };
    logger.error(found, "the queue of an earlier release is damaged and was moved aside");
  }
  sync_directory(directory);
  rmSync(join(directory, MARKER));
  return lost_entries;
}

function take_over(path: string, log: SegmentLog, keys: KeySource): { entries: number; lost_entries: number } {
  let entries = 0;
  let lost_entries = 0;
  const batch: NewRecord[] = [];
  const flush = () => {
    if (batch.length > 0) log.append(batch);
    entries += batch.splice(0).length;
  };
  try {
    using database = new Database(path, { readwrite: true, create: false });
    using select_row = database.prepare<SqliteRow, [Ulid]>("SELECT * FROM wal WHERE first_key = ?1");
    let batch_bytes = 0;
    for (const first_key of keys_of(database, "SELECT first_key AS key FROM wal ORDER BY first_key")) {
      const row = unless_damaged(() => select_row.get(first_key));
      if (row === null || !is_whole(row) || compare_ulids(first_key, keys.highest) <= 0) {
        lost_entries++;
        continue;
      }
      keys.raise(add_to_ulid(first_key, row.span_count - 1));
      batch.push(row);
      batch_bytes += row.body.length;
      if (batch_bytes < BATCH_BYTES) continue;
      flush();
      batch_bytes = 0;
    }
    for (const key of keys_of(database, "SELECT highest_key AS key FROM wal_state")) keys.raise(key);
  } catch (error) {
    if (!is_damage(error)) throw error;
    lost_entries++;
  }
  flush();
  return { entries, lost_entries };
}

function keys_of(database: Database, sql: string): Ulid[] {
  using statement = database.prepare<{ key: Ulid }, []>(sql);
  return statement.all().map(({ key }) => key);
}

export function is_whole({ first_key, span_count, body, checksum = null }: SqliteRow): boolean {
  if (first_key.length !== ULID_BYTES || span_count < 1) return false;
  return checksum === null || checksum === crc32(body, crc32(first_key, span_count));
}

function unless_damaged<Result>(read: () => Result): Result | null {
  try {
    return read();
  } catch (error) {
    if (is_damage(error)) return null;
    throw error;
  }
}

const is_damage = (error: unknown): boolean =>
  error instanceof SQLiteError && /^SQLITE_(CORRUPT|NOTADB|ERROR)/.test(error.code ?? "");

function move_aside(path: string): string {
  const kept_as = `${path}.damaged-${new Date().toISOString().replaceAll(/[-:]/g, "")}`;
  for (const suffix of ["", "-wal"]) if (existsSync(path + suffix)) renameSync(path + suffix, kept_as + suffix);
  for (const suffix of ["-shm", ".lock"]) rmSync(path + suffix, { force: true });
  return kept_as;
}
