/** Below this one size serves all. */
const BYTES_MIN = 64 * 1024;
/** A read that takes more is an exception. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;
const ALL_KEPT_BYTES_MAX = 16 * 1024 * 1024;

export type BorrowedBuffers = Disposable & {
  /** So many bytes, with anything in them. */
  take: (length: number) => Uint8Array;
};

/**
 * Buffers that files are read into, side by side, and that are used again once what was read is of no more use.
 */
export class ReadBuffers {
  /** Smallest first. */
  private readonly free: ArrayBuffer[] = [];
  private free_bytes = 0;

  /** What is taken of it is given back when it is disposed of: nobody may look at it then, or be reading into it. */
  borrowed(): BorrowedBuffers {
    const taken: Uint8Array<ArrayBuffer>[] = [];
    return {
      take: (length) => {
        const bytes = this.take(length);
        taken.push(bytes);
        return bytes;
      },
      [Symbol.dispose]: () => {
        for (const bytes of taken) this.give_back(bytes);
      },
    };
  }

  private take(length: number): Uint8Array<ArrayBuffer> {
    const fitting = this.free.findIndex(({ byteLength }) => byteLength >= length);
    if (fitting < 0) return new Uint8Array(new ArrayBuffer(size_for(length)), 0, length);
    const [buffer] = this.free.splice(fitting, 1);
    this.free_bytes -= buffer.byteLength;
    return new Uint8Array(buffer, 0, length);
  }

  private give_back({ buffer }: Uint8Array<ArrayBuffer>): void {
    if (buffer.byteLength > KEPT_BYTES_MAX || this.free_bytes + buffer.byteLength > ALL_KEPT_BYTES_MAX) return;
    const larger = this.free.findIndex(({ byteLength }) => byteLength >= buffer.byteLength);
    this.free.splice(larger < 0 ? this.free.length : larger, 0, buffer);
    this.free_bytes += buffer.byteLength;
  }
}

/** Few sizes, so that what is free fits often. */
const size_for = (length: number): number => Math.max(BYTES_MIN, 2 ** Math.ceil(Math.log2(Math.max(1, length))));
