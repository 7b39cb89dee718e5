import { Database } from "bun:sqlite";
import { crc32 } from "node:zlib";
import { add_to_ulid, type Ulid } from "../../src/wal/index.ts";

const BODY_BYTES = 20_000;

export const sqlite_queue_key = (number: number): Ulid =>
  add_to_ulid(Uint8Array.from([1, 2, 3, 4, 5, 6, ...Array(10).fill(0)]), number);
export const sqlite_queue_body = (number: number) => Buffer.alloc(BODY_BYTES, `${number} `);

/** No entry's key is above it. */
export const SQLITE_QUEUE_HIGHEST_KEY = sqlite_queue_key(1_000);

/** Makes a queue as earlier releases kept it, with entries of two spans at keys 10, 20, … */
export function make_sqlite_queue(path: string, count: number, { has_checksums = true } = {}): void {
  using database = new Database(path);
  database.run("PRAGMA journal_mode = WAL");
  const checksum_column = has_checksums ? ", checksum INTEGER" : "";
  database.run(
    `CREATE TABLE wal (first_key BLOB PRIMARY KEY, span_count INTEGER NOT NULL, body BLOB NOT NULL${checksum_column})`,
  );
  database.run(
    "CREATE TABLE wal_state (id INTEGER PRIMARY KEY, highest_key BLOB NOT NULL, queued_bytes INTEGER NOT NULL)",
  );
  database.run("INSERT INTO wal_state VALUES (1, ?, 0)", [SQLITE_QUEUE_HIGHEST_KEY]);
  for (let number = 1; number <= count; number++) {
    const first_key = sqlite_queue_key(10 * number);
    const body = sqlite_queue_body(number);
    const checksum = has_checksums ? [crc32(body, crc32(first_key, 2))] : [];
    const places = ["?", "?", "?", ...checksum.map(() => "?")].join(", ");
    database.run(`INSERT INTO wal VALUES (${places})`, [first_key, 2, body, ...checksum]);
  }
}
