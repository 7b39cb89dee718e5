import type { Config } from "../config/index.ts";

/** Prints each fault as `path: what`, then what was checked. Resolves to the exit code. */
export async function print_verification(config: Config): Promise<number> {
  const { verify } = await import("../inspect/index.ts");
  const found = await verify(config, ({ path, what }) => console.log(`${path}: ${what}`));
  const { segment_count, file_count, file_bytes, unread_count, span_count, patch_count, fault_count } = found;
  console.log(`${segment_count} segments: ${file_count} files of ${file_bytes} bytes, by their sizes and CRC-32s`);
  console.log(
    found.is_catalog_compared
      ? "the catalog, by the directories and their manifests"
      : "the catalog was not compared: a server changes it, or it can't be read",
  );
  console.log(`${span_count} spans, by their number, their keys and the filters`);
  console.log(`${patch_count} state patches, by their number, their ids and their spans`);
  console.log(`${found.queued_request_count} requests that are queued, by their CRCs`);
  if (found.earlier_queued_request_count !== null) {
    console.log(
      `${found.earlier_queued_request_count} requests in the queue of an earlier release, by their checksums: the next start takes them over`,
    );
  }
  if (unread_count > 0) console.log(`the rows of ${unread_count} segments were left out: their files are at fault`);
  console.log(fault_count === 0 ? "whole" : `${fault_count} faults`);
  return fault_count === 0 ? 0 : 1;
}
