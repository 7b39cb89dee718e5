import { SQLiteError } from "bun:sqlite";
import { existsSync, renameSync, rmSync } from "node:fs";

const DAMAGE_CODES = /^SQLITE_(CORRUPT|NOTADB)/;

/** A check of our own has found what SQLite has not stumbled over yet. */
export class DamageError extends Error {
  override readonly name = "DamageError";
}

/** The file's bytes are wrong, and asking again won't help. */
export const is_damage = (error: unknown): boolean =>
  error instanceof DamageError || (error instanceof SQLiteError && DAMAGE_CODES.test(error.code ?? ""));

export const damaged_name = (path: string): string =>
  `${path}.damaged-${new Date().toISOString().replaceAll(/[-:]/g, "")}`;

/** Renames the queue and its log, and gives its new name. */
export function move_aside(path: string): string {
  const kept = damaged_name(path);
  for (const suffix of ["", "-wal"]) if (existsSync(path + suffix)) renameSync(path + suffix, kept + suffix);
  rmSync(`${path}-shm`, { force: true });
  return kept;
}
