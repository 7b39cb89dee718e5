import type { Config } from "../config/index.ts";
import { BackupError } from "./error.ts";
import { CONFIRMED, COPIED, hold_socket_path, LEASE, LEASED } from "./hold-protocol.ts";
import { ask_server, reach_server, server_went } from "./server-socket.ts";

/** A running server's segments, whose files stay until it is disposed of. */
export interface ServerLease extends AsyncDisposable {
  /** By absolute path. Together they hold each row once that the server had stored when it was asked. */
  readonly directories: readonly string[];
  /** Rejects with BackupError `hold_ended` when files may have gone in the meantime. */
  confirm(): Promise<void>;
}

/** Asks the server that runs on these data to make its rows durable and keep their files. Null: none runs. */
export async function lease_of_server(config: Config): Promise<ServerLease | null> {
  const path = hold_socket_path(config);
  const socket = await reach_server(path);
  if (socket === null) return null;
  // While nobody waits for a word, the connection may end: `confirm` tells.
  socket.on("error", () => undefined);
  const line = await ask_server(socket, LEASE).catch((cause: unknown) => {
    throw new BackupError("store_in_use", `the server at ${path} gives no lease: its log may say why`, { cause });
  });
  if (!line.startsWith(LEASED)) throw server_went();
  return {
    directories: JSON.parse(line.slice(LEASED.length)) as string[],
    confirm: async () => {
      if ((await ask_server(socket, COPIED)) !== CONFIRMED) throw server_went();
    },
    [Symbol.asyncDispose]: async () => void socket.destroy(),
  };
}
