import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const BLOCK_BYTES = 512;

/** What spans take on disk, in bytes a span. */
export type Disk = {
  all: number;
  /** Of it, by the name of a segment's file. */
  by_file: ReadonlyMap<string, number>;
};

type Manifest = { span_count: number; files: { name: string; bytes: number }[] };

/** By the spans that the segments say to hold: of those sent, some are in the queue alone. */
export function disk_of(store_directory: string): Disk {
  const segments_directory = join(store_directory, "segments");
  const manifests = readdirSync(segments_directory).map(
    (name) => JSON.parse(readFileSync(join(segments_directory, name, "segment.json"), "utf8")) as Manifest,
  );
  const span_count = manifests.reduce((sum, manifest) => sum + manifest.span_count, 0);
  const by_name = Map.groupBy(
    manifests.flatMap(({ files }) => files),
    ({ name }) => name,
  );
  const per_span = (files: readonly { bytes: number }[]) =>
    files.reduce((sum, { bytes }) => sum + bytes, 0) / span_count;
  return {
    all: block_bytes(store_directory) / span_count,
    by_file: new Map([...by_name].map(([name, files]) => [name, per_span(files)])),
  };
}

/** What the files below a directory take on disk. */
function block_bytes(directory: string): number {
  if (!existsSync(directory)) return 0;
  return readdirSync(directory, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(directory, entry.name);
    return sum + (entry.isDirectory() ? block_bytes(path) : statSync(path).blocks * BLOCK_BYTES);
  }, 0);
}
