import { existsSync } from "node:fs";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Config } from "../config/index.ts";
import { BackupError } from "./error.ts";
import { CONFIRMED, COPIED, HELD, hold_socket_path } from "./hold-protocol.ts";

/** While it lasts, the store's files stand still. */
export interface Hold extends AsyncDisposable {
  /** Rejects with BackupError `hold_ended` when they may have moved in the meantime. */
  confirm(): Promise<void>;
}

/** Asks the server that runs on these data; keeps one from starting when none does. Rejects with BackupError. */
export async function hold_store(config: Config): Promise<Hold> {
  const socket = await reach_server(hold_socket_path(config));
  return socket === null ? lock_store(config) : hold_over(socket);
}

/** Null: nobody is there. */
async function reach_server(path: string): Promise<Socket | null> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return socket;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ECONNREFUSED") return null;
    throw new BackupError("store_in_use", `cannot ask the server at ${path}: ${String(error)}`, { cause: error });
  }
}

async function hold_over(socket: Socket): Promise<Hold> {
  await expect_word(socket, HELD);
  return {
    confirm: async () => {
      socket.write(COPIED);
      await expect_word(socket, CONFIRMED);
    },
    [Symbol.asyncDispose]: async () => void socket.destroy(),
  };
}

/** The server says one word at a time, and nothing unasked. */
async function expect_word(socket: Socket, word: string): Promise<void> {
  const said = Promise.withResolvers<string>();
  const ended = () => said.resolve("");
  socket
    .once("data", (bytes: Buffer) => said.resolve(bytes.toString()))
    .once("close", ended)
    .once("error", ended);
  if (socket.destroyed) ended();
  if ((await said.promise) === word) return;
  socket.destroy();
  throw new BackupError("hold_ended", "the server has ended the hold: it stopped, or the copy took too long");
}

/** DuckDB is loaded only here: a running server has it open already. */
async function lock_store({ db_duckdb_path }: Config): Promise<Hold> {
  const confirm = async () => undefined;
  if (!existsSync(db_duckdb_path)) return { confirm, [Symbol.asyncDispose]: confirm };
  const { lock_store_file } = await import("../store/index.ts");
  try {
    const lock = await lock_store_file(db_duckdb_path);
    return { confirm, [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose]() };
  } catch (cause) {
    throw new BackupError("store_in_use", cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
