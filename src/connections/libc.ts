import { dlopen, ptr } from "bun:ffi";
import { closeSync, openSync } from "node:fs";
import { endianness } from "node:os";

const AF_INET = 2;
const AF_INET6 = 10;
const SHUT_RDWR = 2;
/** Of the larger of the two, sockaddr_in6. */
const ADDRESS_BYTES = 28;
const PORT_AT = 2;
const IS_LITTLE_ENDIAN = endianness() === "LE";
/** Of a linux_dirent64: where its length is, and where its name begins. */
const LENGTH_AT = 16;
const NAME_AT = 19;
const DIGIT_0 = 48;

/** The ends of a TCP connection. */
export type Ends = { local_port: number; remote_port: number };

/** What Bun has no way to ask of the system about sockets that its servers have accepted. */
export interface Sockets extends Disposable {
  /** This process's open file handles, ascending. Needs none itself: it has to work when there are no more. */
  handles(): number[];

  /** Null when the handle is no connected TCP socket. */
  ends_of(handle: number): Ends | null;

  /** Ends a connection; whoever polls the socket sees it closed by the other end, and closes the handle. */
  shut_down(handle: number): void;
}

/** Null where there is no such library: the servers then accept whatever comes. */
export function open_sockets(): Sockets | null {
  if (process.platform !== "linux") return null;
  for (const name of ["libc.so.6", "libc.so"]) {
    try {
      return new LibcSockets(load(name).symbols);
    } catch {
      // glibc has the first name, musl the second.
    }
  }
  return null;
}

const load = (name: string) =>
  dlopen(name, {
    getdents64: { args: ["i32", "ptr", "u64"], returns: "i64" },
    lseek: { args: ["i32", "i64", "i32"], returns: "i64" },
    getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
    getpeername: { args: ["i32", "ptr", "ptr"], returns: "i32" },
    shutdown: { args: ["i32", "i32"], returns: "i32" },
  });

type Libc = ReturnType<typeof load>["symbols"];

class LibcSockets implements Sockets {
  private readonly directory = openSync("/proc/self/fd", "r");
  private readonly entries = new DataView(new ArrayBuffer(32 * 1024));
  private readonly address = new DataView(new ArrayBuffer(ADDRESS_BYTES));
  private readonly length = new Uint32Array(1);

  constructor(private readonly libc: Libc) {}

  handles(): number[] {
    const handles: number[] = [];
    this.libc.lseek(this.directory, 0, 0);
    for (;;) {
      const byte_count = Number(this.libc.getdents64(this.directory, ptr(this.entries), this.entries.byteLength));
      if (byte_count <= 0) return handles;
      for (let at = 0; at < byte_count; at += this.entries.getUint16(at + LENGTH_AT, IS_LITTLE_ENDIAN)) {
        const handle = this.number_at(at + NAME_AT);
        if (handle !== null) handles.push(handle);
      }
    }
  }

  ends_of(handle: number): Ends | null {
    const local_port = this.port(this.libc.getsockname, handle);
    const remote_port = local_port === null ? null : this.port(this.libc.getpeername, handle);
    return local_port === null || remote_port === null ? null : { local_port, remote_port };
  }

  shut_down(handle: number): void {
    this.libc.shutdown(handle, SHUT_RDWR);
  }

  [Symbol.dispose](): void {
    closeSync(this.directory);
  }

  /** A name of digits that ends with a zero byte; null: "." and "..". */
  private number_at(name_at: number): number | null {
    let value: number | null = null;
    for (let at = name_at; ; at++) {
      const digit = this.entries.getUint8(at) - DIGIT_0;
      if (digit < 0 || digit > 9) return value;
      value = (value ?? 0) * 10 + digit;
    }
  }

  private port(ask: Libc["getsockname"], handle: number): number | null {
    this.length[0] = ADDRESS_BYTES;
    if (ask(handle, ptr(this.address), ptr(this.length)) !== 0) return null;
    const family = this.address.getUint16(0, IS_LITTLE_ENDIAN);
    return family === AF_INET || family === AF_INET6 ? this.address.getUint16(PORT_AT) : null;
  }
}
