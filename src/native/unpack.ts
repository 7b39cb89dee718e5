import { createHash, randomUUID } from "node:crypto";
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { NativeError } from "./error.ts";

/** A library that the executable carries: its name when unpacked, where it lies inside, and what it must hash to. */
export type NativeFile = { name: string; embedded_path: string; sha256: string };

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
const PIECE_BYTES = 64 * 1024;

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
 * The whole file is hashed at each start: 45 ms for DuckDB's 70 MB. It costs less than explaining a crash after a power
 * cut that left half a library. It is read in pieces and not mapped, which would leave all of it in this process's
 * memory: 50 MiB, where an idle server uses 30.
 */
function is_as_built(path: string, sha256: string): boolean {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return false;
  const hash = createHash("sha256");
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  const file = openSync(path, "r");
  try {
    for (;;) {
      const byte_count = readSync(file, piece);
      if (byte_count === 0) return hash.digest("hex") === sha256;
      hash.update(piece.subarray(0, byte_count));
    }
  } finally {
    closeSync(file);
  }
}

function write_then_rename(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.${randomUUID()}`;
  try {
    write_in_pieces(temporary, bytes);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * What is written at once, Linux 6 and later may keep as one large page of its cache, and maps into a process as a whole
 * (2 MiB) when one byte of it is used. Written whole or by 1 MiB, 48 MiB of DuckDB's library are in an idle server's
 * memory; by 64 KiB, 30.
 */
function write_in_pieces(path: string, bytes: Uint8Array): void {
  const file = openSync(path, "wx", 0o500);
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes.subarray(at, at + PIECE_BYTES));
  } finally {
    closeSync(file);
  }
}
