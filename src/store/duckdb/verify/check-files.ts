import { existsSync, readdirSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { checksum_of } from "../segments/checksum.ts";
import { parse_manifest, type SegmentManifest } from "../segments/manifest.ts";
import { Segment } from "../segments/segment.ts";
import { MANIFEST_FILE } from "../segments/segment-files.ts";
import { first_line } from "../database.ts";
import type { ReportFault } from "./types.ts";

/** Compares the files of a directory with its manifest, byte for byte by their checksums. Null: they are not what it says. */
export async function check_files(directory: string, report: ReportFault): Promise<Segment | null> {
  let is_whole = true;
  const fault = (name: string, what: string) => {
    is_whole = false;
    report({ path: name === "" ? directory : join(directory, name), what });
  };
  const manifest = await read_manifest(directory, fault);
  if (manifest === null) return null;
  if (manifest.segment_id !== basename(directory)) fault(MANIFEST_FILE, `is that of segment ${manifest.segment_id}`);
  const named = new Set(manifest.files.map(({ name }) => name).concat(MANIFEST_FILE));
  for (const name of readdirSync(directory)) if (!named.has(name)) fault(name, "is not in the manifest");
  for (const { name, bytes, crc32: checksum } of manifest.files) {
    const path = join(directory, name);
    if (!existsSync(path)) {
      fault(name, "is missing");
      continue;
    }
    try {
      const found = await sum_of(path);
      if (found.bytes !== bytes) fault(name, `has ${found.bytes} bytes, not ${bytes}`);
      else if (found.crc32 !== checksum) fault(name, `has CRC-32 ${hex(found.crc32)}, not ${hex(checksum)}`);
    } catch (error) {
      fault(name, `can't be read: ${first_line(error)}`);
    }
  }
  return is_whole ? open_segment(directory, fault) : null;
}

type PutFault = (name: string, what: string) => void;

async function read_manifest(directory: string, fault: PutFault): Promise<SegmentManifest | null> {
  try {
    return parse_manifest(await readFile(join(directory, MANIFEST_FILE), "utf8"));
  } catch (error) {
    fault(MANIFEST_FILE, `is no manifest: ${message_of(error)}`);
    return null;
  }
}

function open_segment(directory: string, fault: PutFault): Segment | null {
  try {
    return Segment.open(directory);
  } catch (error) {
    fault("", `can't be opened: ${message_of(error)}`);
    return null;
  }
}

async function sum_of(path: string): Promise<{ bytes: number; crc32: number }> {
  await using file = await open(path);
  return await checksum_of(file);
}

const hex = (checksum: number): string => checksum.toString(16).padStart(8, "0");

/** In one line: a schema's complaints go over several. */
const message_of = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, " ");
