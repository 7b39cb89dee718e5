import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { first_line } from "../database.ts";
import { hash_span, hash_trace, new_key_hash } from "../keys/key-hash.ts";
import { sql_list, sql_text } from "../row-source.ts";
import { derived_sql } from "../segments/patches-sql.ts";
import { RowIndexBuilder } from "../segments/row-index.ts";
import type { Segment } from "../segments/segment.ts";
import type { ReportFault } from "./types.ts";

const TRACE_DIGITS = 32;
/** What a key takes in DuckDB's hash tables, at most: keys are compared a part of them at a time. */
const KEY_BYTES = 512;
/** Faults of one kind that are named; there may be as many as rows. */
const NAMED_MAX = 20;

/** Compares the rows of one segment with its manifest, filter and row index. Gives whether they could be read. */
export async function check_segment_rows(
  connection: DuckDBConnection,
  segment: Segment,
  report: ReportFault,
): Promise<boolean> {
  const { manifest, spans_path, patches_path } = segment;
  const rows = (path: string) => `SELECT count(*) FROM read_parquet(${sql_text(path)})`;
  let is_readable = true;
  const all_patches = `SELECT (${rows(patches_path)}) + (${derived_count(segment)})`;
  for (const [path, sql, of_what, expected] of [
    [spans_path, rows(spans_path), "rows", manifest.span_count],
    [patches_path, all_patches, "rows together with what is derived from spans", manifest.patch_count],
  ] as const) {
    try {
      const found = await number_of(connection, sql);
      if (found !== expected) report({ path, what: `has ${found} ${of_what}, and the manifest says ${expected}` });
    } catch (error) {
      is_readable = false;
      report({ path, what: `can't be read: ${first_line(error)}` });
    }
  }
  if (is_readable) await check_derived_patches(connection, segment, report);
  if (is_readable) await check_filter(connection, segment, report);
  if (is_readable) await check_row_index(connection, segment, report);
  return is_readable;
}

const derived_count = ({ has_derived_patches, spans_table }: Segment): string =>
  has_derived_patches ? `SELECT coalesce(sum(derived_patch_count), 0)::BIGINT FROM ${spans_table}` : "SELECT 0";

/** Of each span there must be as many as it says. */
async function check_derived_patches(
  connection: DuckDBConnection,
  segment: Segment,
  report: ReportFault,
): Promise<void> {
  if (!segment.has_derived_patches) return;
  const { spans_table, spans_path } = segment;
  const counts = `SELECT trace_id, span_id, count(*) AS count FROM (${derived_sql(spans_table)}) GROUP BY ALL`;
  const other = await rows(
    connection,
    `SELECT trace_id, span_id, derived_patch_count, coalesce(found.count, 0), count(*) OVER ()
     FROM ${spans_table} LEFT JOIN (${counts}) AS found USING (trace_id, span_id)
     WHERE derived_patch_count <> coalesce(found.count, 0) LIMIT ${NAMED_MAX}`,
  );
  const faults = named(report);
  faults.unnamed(beyond(other));
  for (const [trace_id, span_id, said, found] of other) {
    const what = `span ${String(trace_id)} ${String(span_id)} has ${Number(found)} state patches, and says ${Number(said)}`;
    faults.one(spans_path, what);
  }
  faults.rest(spans_path, "spans have other state patches than they say");
}

/** A filter may say yes too often, and never no to what is there: rows that it denies are found by nobody. */
async function check_filter(connection: DuckDBConnection, segment: Segment, report: ReportFault): Promise<void> {
  const { keys, spans_table, spans_path } = segment;
  const hash = new_key_hash();
  const put = named(report);
  const result = await connection.stream(`SELECT trace_id || span_id, is_llm FROM ${spans_table}`);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return put.rest(spans_path, "spans are not found by the filter");
    const [ids, are_llm] = chunk.getColumns();
    for (const [row, id] of ids.entries()) {
      const bytes = Buffer.from(String(id), "latin1");
      hash_trace(bytes, 0, hash);
      const holds_trace = keys.may_hold_trace(hash) && (are_llm[row] !== true || keys.has_llm_trace(hash));
      if (holds_trace && keys.may_hold_span(hash_span(bytes, 0, TRACE_DIGITS, hash))) continue;
      put.one(spans_path, `span ${in_two(String(id))} is not found by the filter`);
    }
  }
}

/** Rows that the index has elsewhere are not found by their trace, or not in a list. */
async function check_row_index(connection: DuckDBConnection, segment: Segment, report: ReportFault): Promise<void> {
  const { rows_path, spans_path } = segment;
  if (!existsSync(rows_path)) return;
  const builder = new RowIndexBuilder();
  const hash = new_key_hash();
  // Threads read groups side by side, and give them as they are done.
  const result = await connection.stream(
    `SELECT trace_id, is_listed, service_name
     FROM read_parquet(${sql_text(spans_path)}, file_row_number = true) ORDER BY file_row_number`,
  );
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    for (const [trace_id, is_listed, service_name] of chunk.getRows()) {
      hash_trace(Buffer.from(String(trace_id), "latin1"), 0, hash);
      if (is_listed === true) builder.add_listed(hash, String(service_name));
      else builder.add(hash);
    }
  }
  if (!readFileSync(rows_path).equals(builder.index.bytes))
    report({ path: rows_path, what: "has rows in other places" });
}

/** Looks for keys that are held twice, and for patches without their span, over all segments. In bounded memory. */
export async function check_keys(
  connection: DuckDBConnection,
  segments: readonly Segment[],
  memory_bytes: number,
  report: ReportFault,
): Promise<void> {
  if (segments.length === 0) return;
  const spans = files(segments.map(({ spans_path }) => spans_path));
  const patches = files(segments.map(({ patches_path }) => patches_path));
  const row_count = segments.reduce((sum, { manifest }) => sum + manifest.span_count + manifest.patch_count, 0);
  const part_count = Math.max(1, Math.ceil((row_count * KEY_BYTES) / memory_bytes));
  const directory = dirname(segments[0].directory);
  const deriving = segments.filter(({ has_derived_patches }) => has_derived_patches);
  const [span_faults, patch_faults, derived, orphans] = [named(report), named(report), named(report), named(report)];
  for (let part = 0; part < part_count; part++) {
    const in_part = (table: string) =>
      part_count === 1 ? `FROM ${table}` : `FROM ${table} WHERE hash(trace_id) % ${part_count} = ${part}`;
    const span_keys = `SELECT trace_id, span_id ${in_part(spans)}`;
    const same_spans = await rows(connection, twice("trace_id || span_id", in_part(spans)));
    span_faults.unnamed(beyond(same_spans));
    for (const [key, count] of same_spans) {
      const [trace_id, span_id] = in_two(String(key)).split(" ");
      const where = `trace_id = ${sql_text(trace_id)} AND span_id = ${sql_text(span_id)}`;
      const path = await holders(connection, spans, where);
      span_faults.one(path, `span ${trace_id} ${span_id} is held ${Number(count)} times`);
    }
    const same_patches = await rows(connection, twice("patch_id", in_part(patches)));
    patch_faults.unnamed(beyond(same_patches));
    for (const [key, count] of same_patches) {
      const path = await holders(connection, patches, `patch_id = ${sql_text(String(key))}`);
      patch_faults.one(path, `state patch ${String(key)} is held ${Number(count)} times`);
    }
    const patches_by_span = (join: string, of_spans: string) =>
      `SELECT patch_id, filename, count(*) OVER () AS total FROM (SELECT * ${in_part(patches)}) ${join} JOIN (${of_spans}) USING (trace_id, span_id) LIMIT ${NAMED_MAX}`;
    if (deriving.length > 0) {
      const table = files(deriving.map(({ spans_path }) => spans_path));
      const also_derived = patches_by_span(
        "SEMI",
        `SELECT trace_id, span_id FROM ${table} WHERE derived_patch_count > 0`,
      );
      derived.all(await rows(connection, also_derived), (key) => `state patch ${key} can be derived from its span too`);
    }
    const lonely = await rows(connection, patches_by_span("ANTI", span_keys));
    orphans.all(lonely, (key) => `state patch ${key} has no span`);
  }
  span_faults.rest(directory, "spans are held more than once");
  patch_faults.rest(directory, "state patches are held more than once");
  derived.rest(directory, "state patches can be derived from their spans too");
  orphans.rest(directory, "state patches have no span");
}

const files = (paths: readonly string[]): string => `read_parquet([${sql_list(paths)}], filename = true)`;

const twice = (key: string, from: string): string =>
  `SELECT ${key} AS key, count(*), count(*) OVER () AS total ${from} GROUP BY key HAVING count(*) > 1 LIMIT ${NAMED_MAX}`;

/** How many there are besides these, by the total that stands in the last column. */
const beyond = (found: readonly (readonly unknown[])[]): number => Number(found[0]?.at(-1) ?? 0) - found.length;

async function holders(connection: DuckDBConnection, table: string, condition: string): Promise<string> {
  const found = await rows(connection, `SELECT DISTINCT filename FROM ${table} WHERE ${condition} ORDER BY filename`);
  return found.map(([path]) => String(path)).join(", ");
}

const rows = async (connection: DuckDBConnection, sql: string) => (await connection.runAndReadAll(sql)).getRows();

const number_of = async (connection: DuckDBConnection, sql: string) => Number((await rows(connection, sql))[0]?.[0]);

const in_two = (key: string): string => `${key.slice(0, TRACE_DIGITS)} ${key.slice(TRACE_DIGITS)}`;

/** Reports the first faults of a kind each, and how many more there were. */
function named(report: ReportFault) {
  let [named_count, rest_count] = [0, 0];
  return {
    one(path: string, what: string): void {
      if (named_count === NAMED_MAX) {
        rest_count++;
        return;
      }
      named_count++;
      report({ path, what });
    },
    /** That many more, of which nothing else is known. */
    unnamed(more: number): void {
      rest_count += more;
    },
    /** Those of a key and a path each, of which there may be more. */
    all(found: readonly (readonly unknown[])[], what: (key: string) => string): void {
      this.unnamed(beyond(found));
      for (const [key, path] of found) this.one(String(path), what(String(key)));
    },
    rest(path: string, what: string): void {
      if (rest_count > 0) report({ path, what: `${rest_count} more ${what}` });
    },
  };
}
