import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { BackupError } from "./error.ts";

/** Connects to the server that listens at `path`. Null: nobody is there. Rejects with BackupError `store_in_use`. */
export async function reach_server(path: string): Promise<Socket | null> {
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

/** Says a word and gives the line that comes back, with its end. Rejects with BackupError `hold_ended` when none does. */
export async function ask_server(socket: Socket, word: string): Promise<string> {
  const said = Promise.withResolvers<string>();
  let text = "";
  const take = (bytes: Buffer) => {
    text += bytes.toString("latin1");
    if (text.endsWith("\n")) said.resolve(Buffer.from(text, "latin1").toString());
  };
  const ended = () => said.resolve("");
  socket.on("data", take).once("close", ended).once("error", ended);
  if (socket.destroyed) ended();
  else socket.write(word);
  const line = await said.promise;
  socket.off("data", take).off("close", ended).off("error", ended);
  if (line !== "") return line;
  throw server_went();
}

export const server_went = (): BackupError =>
  new BackupError("hold_ended", "the server has ended the hold: it stopped, or reading took too long");
