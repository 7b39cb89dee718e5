import { copyFileSync, statSync } from "node:fs";
import type { Logger } from "../observe/index.ts";
import { damaged_name, is_damage, move_aside } from "./damage.ts";
import { pages_behind_damage } from "./log-check.ts";
import { PAGE_BYTES, QueueFile } from "./queue-file.ts";
import { salvage } from "./salvage.ts";
import { ulid_of } from "./ulid.ts";

/** Up to here all pages of a queue are looked at when it is opened: 0.35 ms a MB. */
const CHECKED_FILE_BYTES_MAX = 256 * 1024 * 1024;
/** The newest entries are the ones that a crash may have hurt; older ones are checked when they are read. */
const CHECKED_ENTRY_BYTES = 64 * 1024 * 1024;

export type OpenedQueue = {
  file: QueueFile;
  /** Entries that were found damaged. */
  damaged_entries: number;
};

/**
 * Opens the queue's file, creating it if need be. Damage does not keep it from opening: the file is renamed, whatever is
 * whole in it is taken over, and what is gone is said, as errors in the log.
 */
export function open_queue(path: string, logger: Logger): OpenedQueue {
  const last_written_ms = written_unix_ms(path);
  const is_log_cut = tell_of_damaged_log(path, logger);
  const { file, damaged_entries, is_new } = open_or_salvage(path, logger);
  // The highest key may be among what is gone. New ones must lie above it all the same: a reader is at it already.
  if (is_log_cut || is_new) file.raise_highest_key(ulid_of(last_written_ms + 1));
  return { file, damaged_entries };
}

function open_or_salvage(path: string, logger: Logger): OpenedQueue & { is_new: boolean } {
  try {
    const file = new QueueFile(path);
    try {
      return { file, damaged_entries: count_damage(file, path, logger), is_new: false };
    } catch (error) {
      file[Symbol.dispose]();
      throw error;
    }
  } catch (error) {
    if (!is_damage(error)) throw error;
    const kept_as = move_aside(path);
    const file = new QueueFile(path);
    const { entries, lost_entries } = salvage(kept_as, file);
    const found = { path, kept_as, salvaged_entries: entries, lost_entries, reason: String(error) };
    logger.error(found, "the queue is damaged and was moved aside: what could be read of it was taken over");
    return { file, damaged_entries: lost_entries, is_new: true };
  }
}

function count_damage(file: QueueFile, path: string, logger: Logger): number {
  if (bytes_of(path) <= CHECKED_FILE_BYTES_MAX) file.check_structure();
  const damaged_entries = file.damaged_entry_count(CHECKED_ENTRY_BYTES);
  if (damaged_entries > 0) {
    logger.error({ path, damaged_entries }, "entries of the queue are not what was queued: they become dead letters");
  }
  return damaged_entries;
}

/** To be called before SQLite opens the queue and cuts its log at the damage. */
function tell_of_damaged_log(path: string, logger: Logger): boolean {
  const lost_pages = pages_behind_damage(`${path}-wal`, PAGE_BYTES);
  if (lost_pages === 0) return false;
  const kept_as = `${damaged_name(path)}-wal`;
  copyFileSync(`${path}-wal`, kept_as);
  logger.error(
    { path, kept_as, lost_pages },
    "the queue's log is damaged: requests acknowledged from there on are gone unless they were stored already",
  );
  return true;
}

const written_unix_ms = (path: string): number =>
  Math.max(...[path, `${path}-wal`].map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0));

const bytes_of = (path: string): number => statSync(path).size;
