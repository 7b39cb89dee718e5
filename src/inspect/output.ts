import { existsSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { InspectError } from "./error.ts";

/** Pieces of about this size are written: a system call for each line would cost more than the line. */
const PIECE_CHARACTERS = 256 * 1024;

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
  await using file = await open(path, "wx", 0o600);
  const sink = line_sink((text) => write_file(file, text));
  await work(sink);
  await sink.flush();
}

/** Has `work` write lines to standard output. Rejects with InspectError `output_failed` when nobody reads them. */
export async function print_lines(work: (sink: LineSink) => Promise<void>): Promise<void> {
  // What goes wrong is told by each write.
  process.stdout.on("error", () => undefined);
  const sink = line_sink(
    (text) =>
      new Promise((written, failed) => {
        process.stdout.write(text, (error) => (error ? failed(as_output_error("standard output", error)) : written()));
      }),
  );
  await work(sink);
  await sink.flush();
}

function line_sink(put: (text: string) => Promise<void>): LineSink {
  let text = "";
  const flush = async () => {
    const piece = text;
    text = "";
    if (piece !== "") await put(piece);
  };
  return {
    flush,
    write: async (line) => {
      text += `${line}\n`;
      if (text.length >= PIECE_CHARACTERS) await flush();
    },
  };
}

const write_file = (file: FileHandle, text: string): Promise<void> => file.writeFile(text);

async function sync(path: string): Promise<void> {
  await using handle = await open(path);
  await handle.sync();
}

/** What the system says of a file; other errors stay as they are. */
function as_output_error(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return error;
  return new InspectError("output_failed", `can't write ${path}: ${error.message}`, { cause: error });
}
