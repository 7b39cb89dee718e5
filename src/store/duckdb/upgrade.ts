import type { DuckDBConnection } from "@duckdb/node-api";
import type { Logger } from "../../observe/index.ts";
import type { Catalog } from "./segments/catalog.ts";
import { keys_of } from "./segments/keys-of.ts";
import type { Segment } from "./segments/segment.ts";
import { write_segment, write_selected } from "./segments/segment-writer.ts";

/** Rows that one segment takes of the old tables. */
const SLICE_ROWS = 122_880;
/** About what a row took in memory, as the old tables do not say. */
const ROW_BYTES = 1_500;
/** What the segments that are made of the old tables say that they replace. */
const OLD_TABLES = "tables of schema 1";

/** What is there that counts until it is sealed. */
export const present_tables = async (connection: DuckDBConnection): Promise<string[]> =>
  (await has_old_tables(connection)) ? [OLD_TABLES] : [];

/**
 * Brings the rows of the first schema, which kept them in tables, into segments, and does away with the tables. A crash in
 * between begins again: what was written is not in the catalog, and goes.
 */
export async function seal_old_tables(
  connection: DuckDBConnection,
  catalog: Catalog,
  directory: string,
  logger: Logger,
): Promise<Segment[]> {
  if (!(await has_old_tables(connection))) return [];
  const segments: Segment[] = [];
  const [row_count, row_end] = await row_range(connection);
  for (let first = 0; first < row_end; first += SLICE_ROWS) {
    const spans_sql = `FROM spans WHERE rowid >= ${first} AND rowid < ${first + SLICE_ROWS}`;
    const patches_sql = `FROM state_patches SEMI JOIN (${spans_sql}) USING (trace_id, span_id)`;
    const keys = await keys_of(connection, `(${spans_sql})`);
    if (keys.spans.size === 0) continue;
    const facts = { decoded_bytes: keys.spans.size * ROW_BYTES, positions: new Map(), replaces: [OLD_TABLES] };
    const write_rows = write_selected(connection, { spans_sql, patches_sql, keys });
    const segment = await write_segment(directory, facts, write_rows);
    if (segment !== null) segments.push(segment);
  }
  const straddling = await straddling_of(connection, segments);
  await catalog.change({
    added: segments,
    removed_ids: [],
    positions: new Map(),
    new_straddling_llm_traces: straddling,
    also: async () => void (await connection.run("DROP TABLE state_patches; DROP TABLE spans")),
  });
  if (row_count > 0)
    logger.info({ spans: row_count, segments: segments.length }, "rows of the first schema are sealed");
  return segments;
}

async function straddling_of(connection: DuckDBConnection, segments: readonly Segment[]): Promise<string[]> {
  if (segments.length < 2) return [];
  const found = await connection.runAndReadAll("SELECT DISTINCT trace_id FROM spans WHERE is_llm");
  return found.getRows().map(([trace_id]) => String(trace_id));
}

async function has_old_tables(connection: DuckDBConnection): Promise<boolean> {
  const found = await connection.runAndReadAll(
    "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND table_name = 'spans'",
  );
  return found.getRows().length > 0;
}

async function row_range(connection: DuckDBConnection): Promise<[row_count: number, row_end: number]> {
  const found = await connection.runAndReadAll("SELECT count(*), coalesce(max(rowid) + 1, 0) FROM spans");
  const [row] = found.getRows();
  return [Number(row?.[0]), Number(row?.[1])];
}
