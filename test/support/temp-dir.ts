import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type TempDir = Disposable & { readonly path: string };

/** A new directory, removed with all that is in it when disposed of. */
export function temp_dir(): TempDir {
  const path = mkdtempSync(join(tmpdir(), "junjo-traces-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
