import { constants, Database, SQLiteError } from "bun:sqlite";
import { existsSync } from "node:fs";
import { type Config, queue_directory } from "../config/index.ts";
import type { Fault } from "../store/index.ts";
import {
  is_whole_sqlite_row,
  type SqliteRow,
  sqlite_queue_path,
  type Ulid,
  ULID_BYTES,
  ulid_to_text,
} from "../wal/index.ts";

/**
 * Reads all requests in the SQLite file that earlier releases queued in, which the next start of a server takes over, and
 * gives how many there are; null when there is no such file.
 */
export function verify_earlier_queue(config: Config, on_fault: (fault: Fault) => void): number | null {
  const path = sqlite_queue_path(queue_directory(config));
  if (path === null) return null;
  try {
    using database = open_unchanged(path);
    return check_rows(database, (what) => on_fault({ path, what }));
  } catch (error) {
    if (!(error instanceof SQLiteError)) throw error;
    on_fault({ path, what: `can't be read: ${error.message}` });
    return 0;
  }
}

/**
 * Without a log, the file is all there is, and SQLite is told that nobody writes to it: otherwise it would make a log, and
 * leave it. With one it makes an index of it, which the next one to open it makes anew.
 */
function open_unchanged(path: string): Database {
  if (existsSync(`${path}-wal`)) return new Database(path, { readonly: true });
  const uri = Bun.pathToFileURL(path);
  uri.searchParams.set("immutable", "1");
  return new Database(uri.href, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI);
}

/** A row at a time: one that can't be read says nothing of the others. */
function check_rows(database: Database, on_fault: (what: string) => void): number {
  using select_keys = database.prepare<{ first_key: Ulid }, []>("SELECT first_key FROM wal ORDER BY first_key");
  using select_row = database.prepare<SqliteRow, [Ulid]>("SELECT * FROM wal WHERE first_key = ?1");
  const keys = select_keys.all().map(({ first_key }) => first_key);
  for (const key of keys) {
    const row = unless_unreadable(() => select_row.get(key));
    if (row === null || !is_whole_sqlite_row(row)) on_fault(`the request at ${name_of(key)} is damaged`);
  }
  return keys.length;
}

const name_of = (key: Ulid): string =>
  key.length === ULID_BYTES ? ulid_to_text(key) : Buffer.from(key).toString("hex");

function unless_unreadable<Result>(read: () => Result): Result | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof SQLiteError) return null;
    throw error;
  }
}
