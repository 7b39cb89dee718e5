import { existsSync } from "node:fs";
import { type Config, LIMITS, queue_directory } from "../config/index.ts";
import type { Fault } from "../store/index.ts";
import { open_wal_reader, queue_files, ulid_to_text, WalError, type WalReader } from "../wal/index.ts";

const PIECE = { span_count_max: LIMITS.BATCH_SPANS_MAX, bytes_max: LIMITS.BATCH_BYTES_MAX };

/**
 * Reads all requests that the queue holds, whether or not a server writes to it, and gives how many there are. What was
 * torn by a crash at the end was never acknowledged and is no fault.
 */
export function verify_queue(config: Config, on_fault: (fault: Fault) => void): number {
  const directory = queue_directory(config);
  if (!existsSync(directory) || queue_files(directory).length === 0) return 0;
  try {
    using reader = open_wal_reader(directory);
    return check_requests(reader, (what) => on_fault({ path: directory, what }));
  } catch (error) {
    if (!(error instanceof WalError)) throw error;
    on_fault({ path: directory, what: error.message });
    return 0;
  }
}

function check_requests(reader: WalReader, on_fault: (what: string) => void): number {
  let count = 0;
  let entries = reader.read(null, PIECE);
  while (entries.length > 0) {
    for (const { first_key, span_count, is_damaged } of entries) {
      count++;
      if (is_damaged) on_fault(`the request at ${ulid_to_text(first_key)}, of ${span_count} spans, is damaged`);
    }
    entries = reader.read(entries[entries.length - 1].last_key, PIECE);
  }
  return count;
}
