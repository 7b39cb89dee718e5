/** What may wait for the garbage collector. A collection of as much took 1 to 2 ms beside 60,000 small objects. */
const UNCOLLECTED_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Bytes of messages that were given up. They are nobody's, but stay in memory until the collector comes, and it does not
 * hurry: under a flood of large messages of which 240 MiB were held, 1,084 MiB were in use, and 491 with this.
 */
export class RefusedBytes {
  private uncollected_bytes = 0;

  add(count: number): void {
    this.uncollected_bytes += count;
    if (this.uncollected_bytes < UNCOLLECTED_BYTES_MAX) return;
    this.uncollected_bytes = 0;
    Bun.gc(true);
  }
}
