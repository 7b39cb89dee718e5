import { join } from "node:path";
import {
  open_wal,
  open_wal_reader,
  queue_files,
  type Ulid,
  type Wal,
  type WalEntry,
  type WalOptions,
} from "../../src/wal/index.ts";
import { temp_dir } from "./temp-dir.ts";

const NO_LIMITS = { span_count_max: Infinity, bytes_max: Infinity };

export type TempQueue = Disposable & {
  readonly directory: string;
  /** Opens it for writing. */
  open(options?: Partial<WalOptions>): Wal;
  /** Reads it once, with a reader of its own. */
  read(after?: Ulid | null, limits?: typeof NO_LIMITS): WalEntry[];
  /** The paths of its segments, oldest first. */
  files(): string[];
};

/** Where a queue may be, in a directory of its own that is removed afterwards. */
export function temp_queue(): TempQueue {
  const dir = temp_dir();
  const directory = join(dir.path, "wal");
  return {
    directory,
    open: (options) => open_wal({ directory, bytes_max: 1e9, disk_free_bytes_min: 0, ...options }),
    read: (after = null, limits = NO_LIMITS) => {
      using reader = open_wal_reader(directory);
      return reader.read(after, limits);
    },
    files: () => queue_files(directory),
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

/** The entries' bodies as text. */
export const texts = (entries: readonly WalEntry[]): string[] =>
  entries.map(({ body }) => Buffer.from(body).toString());
