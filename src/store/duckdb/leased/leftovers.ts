import { readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Longer than a command reads, so that one in another container, whose process can't be seen, keeps its own. */
const AGE_MS_MIN = 24 * 3_600_000;

/** Where a process puts what has no room in its memory, beside the store at `path`. */
export const spill_directory = (path: string, pid: number): string => `${path}.tmp-${pid}`;

/** Removes what commands that were killed have left there. What is another user's stays for that user's next command. */
export function remove_leftovers(path: string, now_ms = Date.now()): void {
  const prefix = basename(spill_directory(path, 0)).slice(0, -1);
  for (const name of readdirSync(dirname(path))) {
    const pid = name.startsWith(prefix) ? name.slice(prefix.length) : "";
    if (!/^[1-9]\d*$/.test(pid) || is_running(Number(pid))) continue;
    const directory = join(dirname(path), name);
    const made_ms = statSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? now_ms;
    if (now_ms - made_ms > AGE_MS_MIN) remove_if_ours(directory);
  }
}

/** A command may have run as root: that must not keep the server from starting. */
function remove_if_ours(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch (error) {
    if (!NOT_OURS.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

const NOT_OURS: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS"]);

function is_running(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is somebody else's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
