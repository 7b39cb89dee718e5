import { Database } from "bun:sqlite";
import { open } from "node:fs/promises";

const PIECE_BYTES = 4 * 1024 * 1024;
/** The writer locks the file for a moment at a time. */
const BUSY_TIMEOUT_MS = 10_000;

/** Copies a file that stands still, down to the disk, and gives its size. The source stays open, with `sources`. */
export async function copy_file(from: string, to: string, sources: AsyncDisposableStack): Promise<number> {
  const source = sources.use(await open(from));
  await using target = await open(to, "wx", 0o600);
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  let bytes = 0;
  for (;;) {
    const { bytesRead } = await source.read(piece, 0, PIECE_BYTES, bytes);
    if (bytesRead === 0) break;
    await target.writeFile(piece.subarray(0, bytesRead));
    bytes += bytesRead;
  }
  await target.sync();
  return bytes;
}

/** Copies a SQLite file as it is at one moment, without what was deleted from it, while others may write to it. */
export async function copy_sqlite(from: string, to: string): Promise<number> {
  {
    using database = new Database(from, { readonly: true });
    database.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    database.run("VACUUM INTO ?", [to]);
  }
  await using copy = await open(to, "r+");
  await copy.chmod(0o600);
  await copy.sync();
  return (await copy.stat()).size;
}

/** Makes the names in it durable. */
export async function sync_directory(path: string): Promise<void> {
  await using directory = await open(path);
  await directory.sync();
}
