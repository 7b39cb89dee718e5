import { readFileSync } from "node:fs";
import { LIMITS } from "../config/index.ts";

/** Every listener may have its connections, and as many again may come before it is noticed. */
const SHARE_OF_HANDLES = 10;

/** What one listener may have open: LIMITS.CONNECTIONS_MAX, or less in a process that may have few file handles. */
export function connections_max(): number {
  return Math.min(LIMITS.CONNECTIONS_MAX, Math.floor(handles_max() / SHARE_OF_HANDLES));
}

/** RLIMIT_NOFILE; Bun has raised it as far as it goes. */
function handles_max(): number {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity);
  } catch {
    return Infinity;
  }
}
