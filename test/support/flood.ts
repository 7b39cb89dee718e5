import { connect, type Socket } from "node:net";

/** A connection that does nothing good. */
export type Idler = { readonly is_open: boolean; readonly received: string; write(bytes: string | Uint8Array): void };

/** Opens connections that are never of use; all are closed when it is disposed of. */
export class Flood implements Disposable {
  private readonly sockets: Socket[] = [];

  constructor(private readonly port: number) {}

  /** Opens `count` more, each of which sends `first` and then waits. */
  open(count: number, first: string | Uint8Array): Idler[] {
    return Array.from({ length: count }, () => {
      const socket = connect(this.port, "127.0.0.1");
      this.sockets.push(socket);
      const idler = {
        is_open: true,
        received: "",
        write: (bytes: string | Uint8Array) => void socket.write(bytes),
      };
      socket.on("error", () => undefined);
      socket.on("close", () => (idler.is_open = false));
      socket.on("data", (bytes: Buffer) => (idler.received += bytes.toString("latin1")));
      socket.write(first);
      return idler;
    });
  }

  close(): void {
    for (const socket of this.sockets.splice(0)) socket.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

export const are_open = (idlers: readonly Idler[]): number => idlers.filter(({ is_open }) => is_open).length;
