import { type DuckDBConnection, type DuckDBType, type DuckDBValue, StatementType } from "@duckdb/node-api";
import { JsonDuckDBValueConverter } from "@duckdb/node-api";
import { LIMITS } from "../../../config/index.ts";
import { PATCH_COLUMNS, SPAN_COLUMNS } from "../../../decode/index.ts";
import { type SqlAnswer, StoreError } from "../../types.ts";
import { column_names } from "../column-types.ts";
import { first_line } from "../database.ts";
import { sql_list } from "../row-source.ts";
import { patches_sql } from "../segments/patches-sql.ts";
import type { View } from "../views.ts";
import { check_select } from "./checked-select.ts";

/** Of what is no text in an answer. */
const VALUE_BYTES = 8;

const SPAN_NAMES = column_names(SPAN_COLUMNS);
const PATCH_NAMES = column_names(PATCH_COLUMNS);

/**
 * Answers one SELECT over all rows of a view, under the names `spans` and `state_patches`. The connection must be this
 * call's alone. Throws StoreError `refused` when it is not one SELECT or DuckDB does not understand it.
 */
export async function answer_sql(connection: DuckDBConnection, sql: string, view: View): Promise<SqlAnswer> {
  await name_rows(connection, view);
  return answer_select(connection, sql);
}

/** The same over what the connection knows by these names. */
export async function answer_select(connection: DuckDBConnection, sql: string): Promise<SqlAnswer> {
  try {
    await connection.run("BEGIN TRANSACTION READ ONLY");
    return await select(connection, sql);
  } catch (error) {
    if (error instanceof StoreError || is_interrupt(error)) throw error;
    throw new StoreError("refused", first_line(error), { cause: error });
  } finally {
    await roll_back(connection);
  }
}

/** However often it is broken off: the next question could not begin within a transaction. */
async function roll_back(connection: DuckDBConnection): Promise<void> {
  for (;;) {
    try {
      await connection.run("ROLLBACK");
      return;
    } catch (error) {
      if (/no transaction is active/i.test(String(error))) return;
      if (!is_interrupt(error)) throw error;
    }
  }
}

const is_interrupt = (error: unknown): boolean => /INTERRUPT/i.test(String(error));

async function select(connection: DuckDBConnection, sql: string): Promise<SqlAnswer> {
  // Before anything else: DuckDB reads files, and more, to prepare a statement.
  await check_select(connection, sql);
  const statement = await connection.prepare(sql);
  if (statement.statementType !== StatementType.SELECT) throw new StoreError("refused", "expected a SELECT");
  const result = await statement.stream();
  const types = result.columnTypes();
  const columns = result.columnNames().map((name, index) => ({ name, type: String(types[index]) }));
  const rows: unknown[][] = [];
  let bytes = 0;
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    for (let row = 0; row < chunk.rowCount; row++) {
      if (rows.length === LIMITS.SQL_ROWS_MAX || bytes > LIMITS.SQL_BYTES_MAX)
        return { columns, rows, truncated: true };
      const values = chunk.getRowValues(row).map((value, index) => json_value(value, types[index]));
      for (const value of values) bytes += bytes_of(value);
      rows.push(values);
    }
  }
  return { columns, rows, truncated: false };
}

/** About, in an answer. */
function bytes_of(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return VALUE_BYTES;
  return Object.values(value).reduce((sum: number, part) => sum + bytes_of(part), VALUE_BYTES);
}

/** Whole numbers keep every digit; times and other types are as DuckDB writes them. */
function json_value(value: DuckDBValue, type: DuckDBType): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "bigint")
    return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  return JsonDuckDBValueConverter(value, type, JsonDuckDBValueConverter);
}

/** Views of this connection's own, which hide those in the file. */
async function name_rows(connection: DuckDBConnection, { generations, segments }: View): Promise<void> {
  for (const { tables } of generations) await tables.fill(connection);
  const spans = generations.map(({ tables }) => `SELECT ${SPAN_NAMES} FROM ${tables.spans}`);
  const patches = generations.map(({ tables }) => `SELECT ${PATCH_NAMES} FROM ${tables.patches}`);
  if (segments.length > 0) {
    const files = sql_list(segments.map(({ spans_path }) => spans_path));
    spans.push(`SELECT ${SPAN_NAMES} FROM read_parquet([${files}])`);
    patches.push(patches_sql(segments));
  }
  await connection.run(`CREATE OR REPLACE TEMP VIEW spans AS ${spans.join(" UNION ALL ")}`);
  await connection.run(`CREATE OR REPLACE TEMP VIEW state_patches AS ${patches.join(" UNION ALL ")}`);
}
