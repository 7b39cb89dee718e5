import { statfsSync } from "node:fs";

const LOOK_AGAIN_AFTER_MS = 250;

/** Tells whether the disk under `directory` has `bytes_min` free, looking at it no more than a few times a second. */
export class DiskSpace {
  private free_bytes = 0;
  private looked_at_ms = -Infinity;

  constructor(
    private readonly directory: string,
    private readonly bytes_min: number,
  ) {}

  is_low(): boolean {
    const now_ms = performance.now();
    if (now_ms - this.looked_at_ms > LOOK_AGAIN_AFTER_MS) {
      const { bavail, bsize } = statfsSync(this.directory);
      this.free_bytes = bavail * bsize;
      this.looked_at_ms = now_ms;
    }
    return this.free_bytes < this.bytes_min;
  }
}
