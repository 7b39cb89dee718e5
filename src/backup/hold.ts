import { existsSync } from "node:fs";
import type { Socket } from "node:net";
import type { Config } from "../config/index.ts";
import { BackupError } from "./error.ts";
import { CONFIRMED, COPIED, HELD, HOLD, hold_socket_path } from "./hold-protocol.ts";
import { ask_server, reach_server, server_went } from "./server-socket.ts";

/** While it lasts, the store's files stand still. */
export interface Hold extends AsyncDisposable {
  /** Rejects with BackupError `hold_ended` when they may have moved in the meantime. */
  confirm(): Promise<void>;
}

/** Asks the server that runs on these data; keeps one from starting when none does. Rejects with BackupError. */
export async function hold_store(config: Config): Promise<Hold> {
  const socket = await reach_server(hold_socket_path(config));
  // While nobody waits for a word, the connection may end: `confirm` tells.
  socket?.on("error", () => undefined);
  return socket === null ? lock_store(config) : hold_over(socket);
}

async function hold_over(socket: Socket): Promise<Hold> {
  await expect_word(socket, HOLD, HELD);
  return {
    confirm: () => expect_word(socket, COPIED, CONFIRMED),
    [Symbol.asyncDispose]: async () => void socket.destroy(),
  };
}

async function expect_word(socket: Socket, said: string, expected: string): Promise<void> {
  if ((await ask_server(socket, said)) === expected) return;
  socket.destroy();
  throw server_went();
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
