import { existsSync } from "node:fs";
import { chmod, type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { InspectError } from "./error.ts";

/** What is written at once, unless a line is longer: a system call for each line would cost more than the line. */
const PIECE_BYTES = 256 * 1024;

/** Traces are for their owner. */
const PRIVATE = 0o600;

/** Where lines go. */
export interface LineSink {
  /** Resolves when there is room for more. */
  write(line: string): Promise<void>;
  flush(): Promise<void>;
}

/**
 * Has `work` write a file under another name, which becomes `path` once all of it is on disk and `work` has resolved. When
 * anything rejects nothing of it is left. Rejects with InspectError `output_failed` also when the path is taken.
 */
export async function write_whole(path: string, work: (unfinished: string) => Promise<unknown>): Promise<void> {
  const target = resolve(path);
  if (existsSync(target)) throw new InspectError("output_failed", `${path} is there already`);
  const unfinished = `${target}.unfinished-${process.pid}`;
  try {
    await work(unfinished);
    // What DuckDB writes, others could read.
    await chmod(unfinished, PRIVATE);
    await sync(unfinished);
    await rename(unfinished, target);
    await sync(dirname(target));
  } catch (error) {
    await rm(unfinished, { force: true });
    throw as_output_error(path, error);
  }
}

/** Has `work` write lines to a new file. */
export async function write_lines(path: string, work: (sink: LineSink) => Promise<void>): Promise<void> {
  await using file = await open(path, "wx", PRIVATE);
  const sink = line_sink((bytes) => write_all(file, bytes));
  await work(sink);
  await sink.flush();
}

/**
 * Has `work` write lines to standard output, until all are written or whoever read them (`head`) has had enough. Rejects
 * with InspectError `output_failed` for other reasons.
 */
export async function print_lines(work: (sink: LineSink) => Promise<void>): Promise<void> {
  // What goes wrong is told by each write.
  process.stdout.on("error", () => undefined);
  const sink = line_sink(
    (bytes) =>
      new Promise((written, failed) => {
        process.stdout.write(bytes, (error) => (error ? failed(as_output_error("standard output", error)) : written()));
      }),
  );
  try {
    await work(sink);
    await sink.flush();
  } catch (error) {
    if (!is_unread(error)) throw error;
  }
}

const is_unread = (error: unknown): boolean =>
  error instanceof InspectError &&
  error.cause instanceof Error &&
  "code" in error.cause &&
  error.cause.code === "EPIPE";

function line_sink(put: (bytes: Uint8Array) => Promise<void>): LineSink {
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  let length = 0;
  const flush = async () => {
    const bytes = piece.subarray(0, length);
    length = 0;
    if (bytes.length > 0) await put(bytes);
  };
  return {
    flush,
    write: async (line) => {
      const bytes = Buffer.byteLength(line) + 1;
      if (length + bytes > PIECE_BYTES) await flush();
      if (bytes > PIECE_BYTES) return put(Buffer.from(`${line}\n`));
      length += piece.write(line, length);
      length += piece.write("\n", length);
    },
  };
}

async function write_all(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
}

async function sync(path: string): Promise<void> {
  await using handle = await open(path);
  await handle.sync();
}

/** What the system says of a file; other errors stay as they are. */
function as_output_error(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return error;
  return new InspectError("output_failed", `can't write ${path}: ${error.message}`, { cause: error });
}
