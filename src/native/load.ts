import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { NativeError } from "./error.ts";
import { unpack, type NativeFile } from "./unpack.ts";

/** Loads the addon, the first of `files`, from the first directory that takes the files and lets them be run. */
export function load_addon(files: readonly NativeFile[]): unknown {
  const [addon] = files;
  const refusals: string[] = [];
  for (const base of cache_directories(process.env)) {
    const directory = join(base, name_by_content(files));
    try {
      unpack(files, directory);
      const loaded: { exports: unknown } = { exports: {} };
      process.dlopen(loaded, join(directory, addon.name));
      return loaded.exports;
    } catch (error) {
      // Not writable, not ours, or mounted noexec: the next one may do.
      refusals.push(`${directory}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new NativeError("no_directory", `DuckDB's library could not be unpacked and loaded: ${refusals.join("; ")}`);
}

/** Where to unpack, best first: a cache that outlives a reboot, else what every system has. */
export function cache_directories(env: Record<string, string | undefined>): string[] {
  const caches = [env.XDG_CACHE_HOME ?? "", env.HOME ? join(env.HOME, ".cache") : ""];
  return [
    ...caches.filter(isAbsolute).map((path) => join(path, "junjo-traces")),
    join(tmpdir(), `junjo-traces-${process.getuid?.() ?? 0}`),
  ];
}

/** Another build of the libraries gets another directory: executables of two versions may run side by side. */
function name_by_content(files: readonly NativeFile[]): string {
  const all = createHash("sha256");
  for (const { sha256 } of files) all.update(sha256);
  return all.digest("hex").slice(0, 32);
}
