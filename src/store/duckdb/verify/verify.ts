import { segments_directory } from "../../../config/index.ts";
import { LeasedDatabase, type LeasedOptions } from "../leased/leased-database.ts";
import type { Segment } from "../segments/segment.ts";
import { type CatalogRow, check_catalog_rows, check_directories, lock_catalog } from "./check-catalog.ts";
import { check_files } from "./check-files.ts";
import { check_keys, check_segment_rows } from "./check-rows.ts";
import type { Fault, ReportFault, Verification } from "./types.ts";

/**
 * Checks a store that no process has open: catalog, directories, files and rows. Changes nothing, and keeps a server from
 * starting meanwhile. Each fault is reported as it is found. Rejects with StoreError when the store is in use.
 */
export async function verify_store(options: LeasedOptions, on_fault: ReportFault): Promise<Verification> {
  const faults = counted(on_fault);
  await using catalog = await lock_catalog(options, faults.report);
  const directories = check_directories(segments_directory(options.path), catalog.rows, faults.report);
  return verify_directories(options, directories, catalog.rows, faults);
}

/** The same for segments that a server has leased out. What else is in their directory is the server's to change. */
export function verify_leased(
  options: LeasedOptions,
  directories: readonly string[],
  on_fault: ReportFault,
): Promise<Verification> {
  return verify_directories(options, directories, null, counted(on_fault));
}

async function verify_directories(
  options: LeasedOptions,
  directories: readonly string[],
  catalog: readonly CatalogRow[] | null,
  faults: Faults,
): Promise<Verification> {
  const whole: Segment[] = [];
  for (const directory of directories) {
    const segment = await check_files(directory, faults.report);
    if (segment !== null) whole.push(segment);
  }
  if (catalog !== null) check_catalog_rows(catalog, whole, options.path, faults.report);

  await using database = await LeasedDatabase.open(options, whole);
  const readable: Segment[] = [];
  for (const segment of whole) {
    if (await check_segment_rows(database.connection, segment, faults.report)) readable.push(segment);
  }
  await check_keys(database.connection, readable, options.memory_bytes, faults.report);
  const sum = (of: (segment: Segment) => number) => readable.reduce((total, segment) => total + of(segment), 0);
  return {
    segment_count: directories.length,
    file_count: whole.reduce((total, { manifest }) => total + manifest.files.length, 0),
    file_bytes: whole.reduce((total, segment) => total + segment.file_bytes, 0),
    unread_count: directories.length - readable.length,
    span_count: sum(({ manifest }) => manifest.span_count),
    patch_count: sum(({ manifest }) => manifest.patch_count),
    is_catalog_compared: catalog !== null,
    fault_count: faults.count(),
  };
}

type Faults = { report: ReportFault; count: () => number };

function counted(on_fault: ReportFault): Faults {
  let count = 0;
  const report = (fault: Fault) => {
    count++;
    on_fault(fault);
  };
  return { report, count: () => count };
}
