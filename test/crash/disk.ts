import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { temp_dir } from "../support/temp-dir.ts";

const MIB = 1024 * 1024;
const SIZE_BYTES = 2048 * MIB;
/** What a full disk still has room for: less than any of the files needs. */
const ROOM_BYTES = 64 * 1024;

/** Where the server keeps its data. */
export interface Disk extends Disposable {
  readonly data_dir: string;
  /** Null: this one can't be filled or made unwritable, for lack of the right to mount. */
  readonly faults: { fill(): void; make_room(): void; make_read_only(): void; make_writable(): void } | null;
}

/** A tmpfs of its own where this process may mount one, else a directory. */
export function open_disk(): Disk {
  const directory = temp_dir();
  const mount_point = join(directory.path, "disk");
  mkdirSync(mount_point);
  const data_dir = join(mount_point, "data");
  if (!run("mount", "-t", "tmpfs", "-o", `size=${SIZE_BYTES}`, "tmpfs", mount_point)) {
    return { data_dir, faults: null, [Symbol.dispose]: () => directory[Symbol.dispose]() };
  }
  const remount = (options: string) => {
    if (!run("mount", "-o", `remount,${options}`, mount_point)) throw new Error(`cannot remount with ${options}`);
  };
  return {
    data_dir,
    faults: {
      fill: () => {
        // What is written meanwhile may take more than the room that is to be left.
        while (!run("mount", "-o", `remount,size=${used_bytes(mount_point) + ROOM_BYTES}`, mount_point));
      },
      make_room: () => remount(`size=${SIZE_BYTES}`),
      make_read_only: () => remount("ro"),
      make_writable: () => remount("rw"),
    },
    [Symbol.dispose]() {
      run("umount", mount_point);
      directory[Symbol.dispose]();
    },
  };
}

function used_bytes(mount_point: string): number {
  const { stdout } = Bun.spawnSync(["df", "--output=used", "-B1", mount_point]);
  return Number(stdout.toString().trim().split("\n").at(-1));
}

function run(...command: string[]): boolean {
  try {
    return Bun.spawnSync(command, { stderr: "ignore" }).success;
  } catch {
    return false;
  }
}
