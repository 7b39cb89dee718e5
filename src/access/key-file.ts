import { Database, SQLiteError } from "bun:sqlite";
import { chmodSync, chownSync, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import schema from "../../schemas/sqlite/keys.sql" with { type: "text" };
import { digest_of, random_key } from "./key.ts";
import insert_key from "./sql/insert-key.sql" with { type: "text" };
import revoke_key from "./sql/revoke-key.sql" with { type: "text" };
import select_keys from "./sql/select-keys.sql" with { type: "text" };
import { AccessError, type Scope, SCOPES } from "./types.ts";

/** A name goes into metrics and is told from an id by its first letter. */
const NAME = /^[A-Za-z][\w.-]{0,63}$/;
/** Another command may be writing. */
const BUSY_TIMEOUT_MS = 1_000;

export type FileKey = {
  id: number;
  name: string;
  digest: Uint8Array;
  scopes: readonly Scope[];
  /** RFC 3339. */
  created_at: string;
  revoked_at: string | null;
};

type Row = Omit<FileKey, "scopes"> & Record<`may_${Scope}`, number>;

const from_row = ({ id, name, digest, created_at, revoked_at, ...may }: Row): FileKey => {
  const scopes = SCOPES.filter((scope) => may[`may_${scope}`] === 1);
  return { id, name, digest, scopes, created_at, revoked_at };
};

/** Every key of the file, revoked ones too; none when there is no file. Throws AccessError `cannot_read`. */
export function read_keys(path: string): FileKey[] {
  if (!existsSync(path)) return [];
  try {
    using database = new Database(path, { readonly: true });
    using statement = database.prepare<Row, []>(select_keys);
    return statement.all().map(from_row);
  } catch (cause) {
    throw new AccessError("cannot_read", `cannot read the keys in ${path}: ${message_of(cause)}`, { cause });
  }
}

/** Makes a key and gives it: this once, since only its digest is kept. Throws AccessError. */
export function add_key(path: string, scopes: readonly Scope[], name?: string): { key: string; name: string } {
  if (name !== undefined && !NAME.test(name)) {
    throw new AccessError("invalid_name", `"${name}" is no name for a key: a letter, then letters, digits, . _ or -`);
  }
  const key = random_key();
  const may = (scope: Scope) => Number(scopes.includes(scope));
  const values = { name: name ?? null, digest: digest_of(key), may_ingest: may("ingest"), may_read: may("read") };
  const row = change(path, (database) => {
    using statement = database.prepare<Row, [typeof values]>(insert_key);
    return statement.get(values);
  });
  if (row === null) throw new AccessError("cannot_write", `the key was not written to ${path}`);
  return { key, name: row.name };
}

/** Revokes a key by its id or name. Throws AccessError. */
export function revoke(path: string, id_or_name: string): FileKey {
  const row = change(path, (database) => {
    using statement = database.prepare<Row, [{ key: string }]>(revoke_key);
    return statement.get({ key: id_or_name });
  });
  if (row === null) throw new AccessError("unknown_key", `there is no key "${id_or_name}" that could be revoked`);
  return from_row(row);
}

function change<Result>(path: string, work: (database: Database) => Result): Result {
  try {
    using database = open_for_change(path);
    return work(database);
  } catch (cause) {
    if (cause instanceof SQLiteError && cause.code === "SQLITE_CONSTRAINT_UNIQUE") {
      throw new AccessError("name_taken", "there is a key of that name already", { cause });
    }
    throw new AccessError("cannot_write", `cannot write the keys in ${path}: ${message_of(cause)}`, { cause });
  }
}

function open_for_change(path: string): Database {
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true });
  const is_new = !existsSync(path);
  // A rollback journal, SQLite's default, leaves one file that a server of another user can read without writing.
  const database = new Database(path, { create: true, strict: true });
  database.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  database.run(schema);
  if (is_new) hand_to_owner(path, directory);
  return database;
}

/** Only the server's user may see it, who owns the directory, also when root has run the command. */
function hand_to_owner(path: string, directory: string): void {
  chmodSync(path, 0o600);
  const { uid, gid } = statSync(directory);
  if (process.getuid?.() === 0) chownSync(path, uid, gid);
}

const message_of = (error: unknown): string => (error instanceof Error ? error.message : String(error));
