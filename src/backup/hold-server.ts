import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import type { Logger } from "../observe/index.ts";
import type { FileBackedStore } from "../store/index.ts";
import { CONFIRMED, COPIED, HELD, HOLD, LEASE, LEASED } from "./hold-protocol.ts";

/** No copy may keep the store from storing for longer; acknowledgements go on, into the queue. */
const HOLD_MS_MAX = 15 * 60_000;
/** No reader may keep what was deleted or merged on the disk for longer. */
const LEASE_MS_MAX = 4 * 3600_000;
/** From the connection to the word that says what it is for. */
const ASK_MS_MAX = 10_000;

type Held = Pick<FileBackedStore, "hold" | "lease">;

export type HoldServer = AsyncDisposable;

/**
 * Lets whoever connects to the socket hold the store still, or lease its segments. Disposing ends all of it. When the
 * socket can't be made (its path may have some hundred bytes at most), that is logged: backups and what else reads the data
 * then need the server to be stopped.
 */
export async function serve_holds(path: string, store: Held, logger: Logger): Promise<HoldServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    answer(socket, store, logger).catch((error: unknown) => {
      logger.error({ err: error }, "the store could not be held for whoever asked");
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
    logger.warn({ err: error }, `cannot listen on ${path}: no backups, exports or checks while this server runs`);
  }
  return { [Symbol.asyncDispose]: () => close(server, sockets) };
}

async function answer(socket: Socket, store: Held, logger: Logger): Promise<void> {
  const ended = Promise.withResolvers<void>();
  let is_over = false;
  const end = () => {
    is_over = true;
    ended.resolve();
  };
  socket.on("error", end).on("close", end);
  const asked = await first_word(socket, ended.promise);
  if (asked !== HOLD && asked !== LEASE) return void socket.destroy();
  const given = asked === HOLD ? await hold(store) : await lease(store);
  using _held = given.held;
  if (is_over) return;
  const begun_ms = performance.now();
  const deadline = setTimeout(() => socket.destroy(), given.ms_max);
  socket.on("data", (bytes: Buffer) => {
    if (bytes.toString() === COPIED) socket.end(CONFIRMED);
    else socket.destroy();
  });
  socket.write(given.answer);
  await ended.promise;
  clearTimeout(deadline);
  logger.info({ held_ms: Math.round(performance.now() - begun_ms) }, given.what);
}

/** Null: it took too long, or the connection is over. */
async function first_word(socket: Socket, ended: Promise<void>): Promise<string | null> {
  const said = Promise.withResolvers<string | null>();
  const deadline = setTimeout(() => said.resolve(null), ASK_MS_MAX);
  socket.once("data", (bytes: Buffer) => said.resolve(bytes.toString()));
  void ended.then(() => said.resolve(null));
  const word = await said.promise;
  clearTimeout(deadline);
  return word;
}

type Given = { held: Disposable; answer: string; ms_max: number; what: string };

const hold = async (store: Held): Promise<Given> => ({
  held: await store.hold(),
  answer: HELD,
  ms_max: HOLD_MS_MAX,
  what: "the store was held for a backup",
});

async function lease(store: Held): Promise<Given> {
  const held = await store.lease();
  const answer = `${LEASED}${JSON.stringify(held.directories)}\n`;
  return { held, answer, ms_max: LEASE_MS_MAX, what: "segments were leased to a reader" };
}

async function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  if (!server.listening) return;
  server.close();
  await once(server, "close");
}
