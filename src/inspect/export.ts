import type { Config } from "../config/index.ts";
import { RequestWriter } from "../encode/index.ts";
import { LeasedRows, type RowFilter } from "../store/index.ts";
import { lease_data, leased_options } from "./lease-data.ts";
import { type LineSink, print_lines, write_lines, write_whole } from "./output.ts";

export type ExportOptions = { filter: RowFilter } & (
  | { format: "parquet"; table: "spans" | "state_patches"; output_path: string }
  /** Null: standard output. */
  | { format: LineFormat; output_path: string | null }
);

export type LineFormat = "otlp-json" | "jsonl";

/** Spans of one request. */
const REQUEST_SPANS_MAX = 512;
/** Characters at which a request is ended: receivers refuse large ones, ours what is beyond REQUEST_BYTES_MAX. */
const REQUEST_CHARACTERS_MAX = 4 * 1024 * 1024;

/**
 * Writes rows, in no order and in bounded memory. A file has its name only once it is whole and on disk, and nothing is left
 * of one that is not; what was printed by then stays printed. Rejects with InspectError, BackupError or StoreError.
 */
export async function export_rows(config: Config, options: ExportOptions): Promise<void> {
  const { filter } = options;
  if (options.format === "parquet") {
    const { table, output_path } = options;
    return write_whole(output_path, (path) => with_rows(config, path, (rows) => rows.copy(table, filter, path)));
  }
  const { format, output_path } = options;
  const write_to = (sink: LineSink) => with_rows(config, null, (rows) => write_rows(format, rows, filter, sink));
  if (output_path === null) return print_lines(write_to);
  return write_whole(output_path, (path) => write_lines(path, write_to));
}

/** Resolves when what `work` has read was there all the time. `written_path`: the one file that DuckDB may write. */
export async function with_rows<Result>(
  config: Config,
  written_path: string | null,
  work: (rows: LeasedRows) => Promise<Result>,
): Promise<Result> {
  await using lease = await lease_data(config);
  await using rows = await LeasedRows.open(leased_options(config), lease.directories, written_path);
  const result = await work(rows);
  await lease.confirm();
  return result;
}

async function write_rows(format: LineFormat, rows: LeasedRows, filter: RowFilter, sink: LineSink): Promise<void> {
  if (format === "jsonl") {
    for await (const text of rows.row_texts(filter)) await sink.write(text);
    return;
  }
  const request = new RequestWriter();
  for await (const { row, patches } of rows.spans_with_patches(filter)) {
    request.add(row, patches);
    const is_full = request.span_count === REQUEST_SPANS_MAX || request.length >= REQUEST_CHARACTERS_MAX;
    if (is_full) await sink.write(request.take());
  }
  if (request.span_count > 0) await sink.write(request.take());
}
