import { readFileSync } from "node:fs";

// The format: https://sqlite.org/fileformat2.html#the_write_ahead_log
const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC = 0x377f0682;
const HEADER_CHECKSUM_AT = 24;
const SALTS_AT = 16;
const FRAME_SALTS_AT = 8;
const FRAME_CHECKSUM_AT = 16;

type Sums = { first: number; second: number };

/**
 * How many pages of SQLite's log were written behind a damaged place, and so are dropped by SQLite without a word.
 *
 * SQLite reads its log up to the first page whose checksum is wrong. That is where a torn write ends, in which nothing
 * was acknowledged. Whole pages behind that place tell of another thing: bytes changed after they were written. Each
 * page's checksum goes on from the one before it, as that is written down, so that they can be told.
 */
export function pages_behind_damage(log_path: string, page_bytes: number): number {
  const log = read_if_there(log_path);
  const frame_bytes = FRAME_HEADER_BYTES + page_bytes;
  if (log.length < HEADER_BYTES + frame_bytes) return 0;
  const view = new DataView(log.buffer, log.byteOffset, log.length);
  const header_sums = checksum(view, 0, HEADER_CHECKSUM_AT, { first: 0, second: 0 });
  if (view.getUint32(0) !== MAGIC || !are_at(view, HEADER_CHECKSUM_AT, header_sums)) {
    return Math.floor((log.length - HEADER_BYTES) / frame_bytes);
  }
  let is_behind_damage = false;
  let pages = 0;
  let sums = header_sums;
  for (let at = HEADER_BYTES; at + frame_bytes <= log.length; at += frame_bytes) {
    // Salts of its own mark what is left from before the log was begun again.
    const is_of_this_log = view.getBigUint64(at + FRAME_SALTS_AT) === view.getBigUint64(SALTS_AT);
    const expected = checksum(view, at + FRAME_HEADER_BYTES, page_bytes, checksum(view, at, FRAME_SALTS_AT, sums));
    const is_whole = is_of_this_log && are_at(view, at + FRAME_CHECKSUM_AT, expected);
    if (is_whole && is_behind_damage) pages++;
    is_behind_damage ||= !is_whole;
    sums = { first: view.getUint32(at + FRAME_CHECKSUM_AT), second: view.getUint32(at + FRAME_CHECKSUM_AT + 4) };
  }
  return pages;
}

/** SQLite's own sum, over little-endian words. */
function checksum(view: DataView, start: number, bytes: number, { first, second }: Sums): Sums {
  for (let at = start; at < start + bytes; at += 8) {
    first = (first + view.getUint32(at, true) + second) | 0;
    second = (second + view.getUint32(at + 4, true) + first) | 0;
  }
  return { first: first >>> 0, second: second >>> 0 };
}

const are_at = (view: DataView, at: number, { first, second }: Sums): boolean =>
  view.getUint32(at) === first && view.getUint32(at + 4) === second;

function read_if_there(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}
