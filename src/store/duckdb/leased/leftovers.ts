import { readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Longer than a command reads, so that one in another container, whose process can't be seen, keeps its own. */
const AGE_MS_MIN = 24 * 3_600_000;

/** Where a process puts what has no room in its memory, beside the store at `path`. */
export const spill_directory = (path: string, pid: number): string => `${path}.tmp-${pid}`;

/** Removes what commands that were killed have left there. */
export function remove_leftovers(path: string, now_ms = Date.now()): void {
  const prefix = basename(spill_directory(path, 0)).slice(0, -1);
  for (const name of readdirSync(dirname(path))) {
    const pid = name.startsWith(prefix) ? name.slice(prefix.length) : "";
    if (!/^[1-9]\d*$/.test(pid) || is_running(Number(pid))) continue;
    const directory = join(dirname(path), name);
    const made_ms = statSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? now_ms;
    if (now_ms - made_ms > AGE_MS_MIN) rmSync(directory, { recursive: true, force: true });
  }
}

function is_running(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is somebody else's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
