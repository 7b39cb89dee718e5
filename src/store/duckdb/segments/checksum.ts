import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";

const PIECE_BYTES = 4 * 1024 * 1024;

/** Reads a whole file, a piece at a time. */
export async function checksum_of(file: FileHandle): Promise<{ bytes: number; crc32: number }> {
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  let [bytes, checksum] = [0, 0];
  for (;;) {
    const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, bytes);
    if (bytesRead === 0) return { bytes, crc32: checksum };
    checksum = crc32(piece.subarray(0, bytesRead), checksum);
    bytes += bytesRead;
  }
}
