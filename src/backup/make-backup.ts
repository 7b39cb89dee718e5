import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { key_file_path } from "../access/index.ts";
import { type Config, cursor_path, queue_directory, segments_directory } from "../config/index.ts";
import { queue_files } from "../wal/index.ts";
import { copy_file, copy_sqlite, sync_directory } from "./copy.ts";
import { BackupError } from "./error.ts";
import { hold_store } from "./hold.ts";

/** A file in the directory of a segment, or the mark that it is to go. */
const SEGMENT_FILE = /^[0-9a-f-]{36}(\/[^/]+|\.obsolete)$/;

export type Backup = { path: string; files: { name: string; bytes: number }[] };

/**
 * Copies everything that is kept into `directory`, which must be empty or not there yet: laid out as a data directory, so
 * that a server can be started on it. What was acknowledged before the call is in it. It has its name only once it is
 * whole and on disk. Rejects with BackupError, and then nothing is left of it.
 */
export async function make_backup(config: Config, directory: string): Promise<Backup> {
  const path = resolve(directory);
  await refuse_if_taken(path);
  const unfinished = `${path}.unfinished-${process.pid}`;
  try {
    await mkdir(unfinished, { recursive: true, mode: 0o700 });
    const files = await copy_all(config, unfinished);
    await rename(unfinished, path);
    await sync_directory(dirname(path));
    return { path, files };
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true });
    if (cause instanceof BackupError) throw cause;
    throw new BackupError("copy_failed", cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

async function copy_all(config: Config, to: string): Promise<Backup["files"]> {
  const files: Backup["files"] = [];
  // Closing a file lets go of this process's locks on it, DuckDB's too: sources stay open as long as the hold does.
  await using sources = new AsyncDisposableStack();
  await using hold = await hold_store(config);
  const copy_to = async (name: string, from: string, copy: (from: string, to: string) => Promise<number>) => {
    const target = join(to, name);
    await mkdir(dirname(target), { recursive: true });
    files.push({ name, bytes: await copy(from, target) });
    await sync_directory(dirname(target));
  };
  const add: typeof copy_to = async (name, from, copy) => (existsSync(from) ? copy_to(name, from, copy) : undefined);
  const as_it_is = (from: string, target: string) => copy_file(from, target, sources);
  await add("duckdb/traces.duckdb", config.db_duckdb_path, as_it_is);
  await add("duckdb/traces.duckdb.wal", `${config.db_duckdb_path}.wal`, as_it_is);
  const segments = segments_directory(config.db_duckdb_path);
  for (const name of existsSync(segments) ? await readdir(segments, { recursive: true }) : []) {
    // What is damaged or unfinished has another name.
    if (SEGMENT_FILE.test(name)) await add(join("duckdb", "segments", name), join(segments, name), as_it_is);
  }
  // After the store and before it moves on: nothing that the store's copy lacks can have been trimmed by now.
  const queue = queue_directory(config);
  if (existsSync(queue)) await copy_queue(queue, (path) => copy_to(join("wal", basename(path)), path, as_it_is));
  // Of an earlier release, as long as no server of this one has taken it over.
  await add("wal/queue.sqlite", join(queue, "queue.sqlite"), copy_sqlite);
  await hold.confirm();
  await add("poller.sqlite", cursor_path(config), copy_sqlite);
  await add("keys.sqlite", key_file_path(config), copy_sqlite);
  await sync_directory(to);
  if (files.length === 0) throw new BackupError("nothing_kept", `there is nothing in ${config.data_dir}`);
  return files;
}

/**
 * Copies the segments that there are now, and not those that are begun meanwhile: they say how long the one before them
 * has become. One that is gone was trimmed; when it was the newest, there is another now that says which keys were given.
 */
async function copy_queue(queue: string, copy: (path: string) => Promise<void>): Promise<void> {
  for (;;) {
    const paths = queue_files(queue);
    const copied = await Array.fromAsync(paths, (path) => copy(path).then(() => true, unless_gone));
    if (copied.at(-1) !== false) return;
  }
}

function unless_gone(error: unknown): false {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
  throw error;
}

async function refuse_if_taken(path: string): Promise<void> {
  if (!existsSync(path)) return;
  const entries = await readdir(path).catch(() => ["not a directory"]);
  if (entries.length > 0) throw new BackupError("target_exists", `${path} is there already, and not empty`);
}
