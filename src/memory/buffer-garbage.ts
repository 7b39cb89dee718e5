/**
 * Counts buffers that were dropped, and has them collected when there are `bytes_max` of them. Buffers lie outside of
 * JavaScript's heap, so that the collector takes them for little and comes late: forty pages of 100 MB took 1.6 GB.
 */
export class BufferGarbage {
  private bytes = 0;

  constructor(private readonly bytes_max: number) {}

  /** A collection takes some milliseconds: as long as a hundred small rows. */
  add(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes < this.bytes_max) return;
    this.bytes = 0;
    Bun.gc(true);
  }
}
