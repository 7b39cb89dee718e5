import { createHash, randomUUID } from "node:crypto";
import { lstatSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { NativeError } from "./error.ts";

/** A library that the executable carries: its name when unpacked, where it lies inside, and what it must hash to. */
export type NativeFile = { name: string; embedded_path: string; sha256: string };

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/** Makes sure that `directory` holds the files as they were built, and is ours alone. Any number may do so at once. */
export function unpack(files: readonly NativeFile[], directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  refuse_if_shared(directory);
  for (const file of files) {
    const path = join(directory, file.name);
    if (!is_as_built(path, file.sha256)) write_then_rename(path, readFileSync(file.embedded_path));
  }
}

/**
 * Throws NativeError unless `directory` is a directory of ours that nobody else can write to, and nobody else can put
 * another in its place: all above it belong to us or root, and are not open to others except as /tmp is.
 */
export function refuse_if_shared(directory: string): void {
  const own = lstatSync(directory);
  const user = process.getuid?.() ?? own.uid;
  if (!own.isDirectory() || own.uid !== user || (own.mode & WRITABLE_BY_OTHERS) !== 0) {
    throw new NativeError("unsafe_directory", "somebody else owns it or can write to it");
  }
  for (let above = dirname(realpathSync(directory)); ; above = dirname(above)) {
    const { uid, mode } = statSync(above);
    const is_open = (mode & WRITABLE_BY_OTHERS) !== 0 && (mode & STICKY) === 0;
    if ((uid !== user && uid !== 0) || is_open) {
      throw new NativeError("unsafe_directory", `somebody else owns ${above} or can write to it`);
    }
    if (above === dirname(above)) return;
  }
}

/**
 * The whole file is hashed at each start: 45 ms for DuckDB's 70 MB, read through a mapping that the loader needs in
 * memory anyway. It costs less than explaining a crash after a power cut that left half a library.
 */
function is_as_built(path: string, sha256: string): boolean {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return size > 0 && createHash("sha256").update(Bun.mmap(path)).digest("hex") === sha256;
}

function write_then_rename(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.${randomUUID()}`;
  try {
    writeFileSync(temporary, bytes, { flag: "wx", mode: 0o500 });
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}
