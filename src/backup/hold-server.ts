import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import type { Logger } from "../observe/index.ts";
import type { SpanStore } from "../store/index.ts";
import { CONFIRMED, COPIED, HELD } from "./hold-protocol.ts";

/** No copy may keep the store from storing for longer; acknowledgements go on, into the queue. */
const HOLD_MS_MAX = 15 * 60_000;

export type HoldServer = AsyncDisposable;

/**
 * Lets whoever connects to the socket hold the store still. Disposing ends all holds. When the socket can't be made (its
 * path may have some hundred bytes at most), that is logged: backups then need the server to be stopped.
 */
export async function serve_holds(path: string, store: Pick<SpanStore, "hold">, logger: Logger): Promise<HoldServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    hold(socket, store, logger).catch((error: unknown) => {
      logger.error({ err: error }, "the store could not be held for a backup");
      socket.destroy();
    });
  });
  // What a killed server has left; a living one has the store open, and this one would not have got this far.
  rmSync(path, { force: true });
  try {
    server.listen(path);
    await once(server, "listening");
    chmodSync(path, 0o600);
  } catch (error) {
    logger.warn({ err: error }, `cannot listen on ${path}: no backups while this server runs`);
  }
  return { [Symbol.asyncDispose]: () => close(server, sockets) };
}

async function hold(socket: Socket, store: Pick<SpanStore, "hold">, logger: Logger): Promise<void> {
  const ended = Promise.withResolvers<void>();
  let is_over = false;
  const end = () => {
    is_over = true;
    ended.resolve();
  };
  socket.on("error", end).on("close", end);
  using _held = await store.hold();
  if (is_over) return;
  const begun_ms = performance.now();
  const deadline = setTimeout(() => socket.destroy(), HOLD_MS_MAX);
  socket.on("data", (bytes: Buffer) => {
    if (bytes.toString() === COPIED) socket.end(CONFIRMED);
    else socket.destroy();
  });
  socket.write(HELD);
  await ended.promise;
  clearTimeout(deadline);
  logger.info({ held_ms: Math.round(performance.now() - begun_ms) }, "the store was held for a backup");
}

async function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  if (!server.listening) return;
  server.close();
  await once(server, "close");
}
