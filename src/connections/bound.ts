import { open_sockets, type Sockets } from "./libc.ts";
import type { ListenerMetrics } from "./metrics.ts";

export type BoundOptions = {
  /** Whose connections are bounded: all that this process has accepted there. */
  port: number;
  connections_max: number;
  metrics: ListenerMetrics;
};

/**
 * Between two looks, when there are few and when there are many. Waking up is what costs when idle: the two threads that
 * look take 0.5 % of a core at 100 ms, 0.3 % at 250, 0.2 % at 500, during which thousands can connect.
 */
const QUIET_INTERVAL_MS = 500;
const BUSY_INTERVAL_MS = 20;
/** Looking may take this share of the thread's time, at most: a look takes 0.05 ms with 50 handles, 3.4 ms with 4,000. */
const SHARE_OF_TIME = 0.05;

/**
 * Bun's servers neither count their connections nor refuse any. So their sockets are looked for among the open handles,
 * several times a second, and the newest of too many are shut down, which is as if their clients had closed them.
 *
 * To be called in the thread whose server it is: no connection opens or closes there while it looks, so that a handle
 * can't have become something else. Does nothing on systems other than Linux.
 */
export function bound_connections(options: BoundOptions): Disposable {
  const sockets = open_sockets();
  if (sockets === null) return { [Symbol.dispose]: () => undefined };
  const connections = new Connections(options, sockets);
  let timer: ReturnType<typeof setTimeout>;
  const look = () => {
    const began_ms = performance.now();
    connections.look();
    const pause_ms = (performance.now() - began_ms) / SHARE_OF_TIME;
    timer = setTimeout(look, Math.max(pause_ms, connections.are_many ? BUSY_INTERVAL_MS : QUIET_INTERVAL_MS));
    timer.unref();
  };
  look();
  return {
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      sockets[Symbol.dispose]();
    },
  };
}

type Connection = { handle: number; is_refused: boolean };

class Connections {
  /** Oldest first, by what tells one from another that has its handle later. */
  private open = new Map<string, Connection>();
  private handle_count = 0;

  constructor(
    private readonly options: BoundOptions,
    private readonly sockets: Sockets,
  ) {}

  get are_many(): boolean {
    return this.open.size > this.options.connections_max / 2;
  }

  look(): void {
    const handles = this.sockets.handles();
    // Few handles of any kind, and as many as last time: nothing is near a limit, and the number is right enough.
    if (handles.length === this.handle_count && !this.are_many) return;
    this.handle_count = handles.length;
    this.take_stock(handles);
    this.refuse_newest();
    this.options.metrics.set_open(this.open.size);
  }

  private take_stock(handles: readonly number[]): void {
    const found = new Map<string, Connection>();
    for (const handle of handles) {
      const ends = this.sockets.ends_of(handle);
      if (ends?.local_port !== this.options.port) continue;
      found.set(`${handle}:${ends.remote_port}`, { handle, is_refused: false });
    }
    const older = Array.from(this.open).filter(([id]) => found.has(id));
    this.open = new Map([...older, ...Array.from(found).filter(([id]) => !this.open.has(id))]);
  }

  private refuse_newest(): void {
    let excess = this.open.size - this.options.connections_max;
    let refused_count = 0;
    for (const connection of Array.from(this.open.values()).reverse()) {
      if (excess-- <= 0) break;
      if (connection.is_refused) continue;
      connection.is_refused = true;
      refused_count++;
      this.sockets.shut_down(connection.handle);
    }
    this.options.metrics.add_refused(refused_count);
  }
}
