import { existsSync, renameSync, statSync } from "node:fs";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Logger } from "../../observe/index.ts";

/** `log`: DuckDB's log can't be replayed. `file`: the database file itself is not what DuckDB wrote. */
export type Damage = "log" | "file";

/** Errors of the disk, of others' locks and of segments come in the same words as damage does, with one of these in addition. */
const NOT_DAMAGE =
  /No space left|Permission denied|Read-only file system|Input\/output error|Could not set lock|\.parquet"/i;
const LOG_DAMAGE = /Failure while replaying WAL/;
const FILE_DAMAGE =
  /not a valid DuckDB database file|Corrupt database file|Could not read enough bytes|The database file is (shorter|gone)/;
/** After one of these DuckDB refuses every statement until the database is opened anew. */
const FATAL = /FATAL Error|database has been invalidated/;

export const FILE_IS_GONE = "The database file is gone";

/** DuckDB's log, and what it is called while a checkpoint is on its way. */
const LOG_SUFFIXES = [".wal", ".wal.checkpoint", ".wal.recovery"];

/** Before the blocks there are three headers. */
const HEADER_BYTES = 3 * 4096;

/** What an error of DuckDB's says about its files; null when it is about something else. */
export function damage_of(error: unknown): Damage | null {
  const message = String(error);
  if (NOT_DAMAGE.test(message)) return null;
  if (LOG_DAMAGE.test(message)) return "log";
  return FILE_DAMAGE.test(message) ? "file" : null;
}

export const is_fatal = (error: unknown): boolean => FATAL.test(String(error));

/** DuckDB opens a file that was cut short, and fails later, when it needs what is missing. Rejects at once. */
export async function check_length(connection: DuckDBConnection, path: string): Promise<void> {
  const sizes = await connection.runAndReadAll(
    "SELECT block_size, total_blocks, used_blocks FROM pragma_database_size()",
  );
  const [block_bytes, total_blocks, used_blocks] = (sizes.getRowsJS()[0] ?? []).map(Number);
  const blocks = (statSync(path).size - HEADER_BYTES) / block_bytes;
  // DuckDB itself cuts blocks that are free off the end, and does not say so in the header: only reading tells whether others
  // are gone. (Indexes can't be read as a whole: what they lack is found by the first change, after which the store closes.)
  if (blocks >= total_blocks) return;
  if (blocks < used_blocks || !Number.isInteger(blocks)) {
    throw new Error(`The database file is shorter than its header says: ${blocks} blocks of ${used_blocks}`);
  }
  await read_all_tables(connection);
}

async function read_all_tables(connection: DuckDBConnection): Promise<void> {
  const found = await connection.runAndReadAll("SELECT table_name FROM duckdb_tables() WHERE NOT temporary");
  for (const [name] of found.getRows()) {
    const table = `"${String(name).replaceAll('"', '""')}"`;
    await connection.run(`SELECT count(hash(rows)) FROM ${table} AS rows`);
  }
}

/** Under which name something damaged is kept. */
export const damaged_name = (path: string): string =>
  `${path}.damaged-${new Date().toISOString().replaceAll(/[-:]/g, "")}`;

/** Renames what is damaged, and says so: `log` the log alone, `file` both. Nothing is deleted. */
export function move_aside(path: string, damage: Damage, reason: string, logger: Logger): void {
  const kept = damaged_name(path);
  const suffixes = [...(damage === "log" ? [] : [""]), ...LOG_SUFFIXES].filter((suffix) => existsSync(path + suffix));
  for (const suffix of suffixes) renameSync(path + suffix, kept + suffix);
  const kept_as = suffixes.map((suffix) => kept + suffix);
  const gone =
    damage === "log"
      ? "DuckDB's log is damaged and was moved aside: what it said is made anew from the segments and the queue"
      : "the DuckDB file is damaged and was moved aside: its dead letters are gone from here, all else is made anew from the segments";
  logger.error({ path, kept_as, reason }, gone);
}
