import { crc32 } from "node:zlib";
import type { Ulid } from "./ulid.ts";

/** CRC-32 of all that an entry is. The count is its seed. */
export const entry_checksum = (first_key: Ulid, span_count: number, body: Uint8Array): number =>
  crc32(body, crc32(first_key, span_count));
