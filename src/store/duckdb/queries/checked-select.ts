import type { DuckDBConnection } from "@duckdb/node-api";
import { StoreError } from "../../types.ts";

/**
 * Functions that stand for a table and do nothing but give rows. All others are refused: some read files, or whatever a text
 * names, and some write files, change settings or run further statements, which neither DuckDB nor a transaction that only
 * reads prevents.
 */
export const TABLE_FUNCTIONS: ReadonlySet<string> = new Set(
  [
    "range generate_series unnest repeat repeat_row json_each json_tree",
    "duckdb_columns duckdb_functions duckdb_keywords duckdb_schemas duckdb_tables duckdb_types duckdb_views",
    "pragma_show pragma_table_info pragma_version icu_calendar_names pg_timezone_names",
  ].flatMap((names) => names.split(" ")),
);

/** Others that do something beside giving a value. */
export const REFUSED_FUNCTIONS: ReadonlySet<string> = new Set([
  "write_log",
  "sleep_ms",
  "setseed",
  "nextval",
  "currval",
]);

/** DuckDB takes a table whose name has one for a file when it knows no such table. */
const OF_FILES = ".";

/** Throws StoreError `refused` unless the text is one SELECT that can but read tables and views. */
export async function check_select(connection: DuckDBConnection, sql: string): Promise<void> {
  const serialized = await connection.runAndReadAll("SELECT json_serialize_sql($1::VARCHAR)", [sql]);
  const parsed = JSON.parse(String(serialized.getRows()[0][0])) as Parsed;
  if (parsed.error)
    throw new StoreError("refused", parsed.error_type === "parser" ? parsed.error_message : "expected a SELECT");
  const { statements } = parsed;
  if (statements.length !== 1)
    throw new StoreError("refused", `expected one SELECT, found ${statements.length} statements`);
  for (const node of nodes_of(statements[0])) refuse_unless_reading(node);
}

type Parsed =
  | { error: true; error_type: string; error_message: string }
  | { error: false; statements: readonly unknown[] };

type Node = Readonly<Record<string, unknown>>;

function refuse_unless_reading({ type, function: called, function_name, table_name }: Node): void {
  if (type === "TABLE_FUNCTION") {
    const name = lower_case((called as Node | undefined)?.function_name);
    if (!TABLE_FUNCTIONS.has(name))
      throw new StoreError("refused", `${name || "this"} is not a function to select from here`);
  }
  const name = lower_case(function_name);
  if (REFUSED_FUNCTIONS.has(name)) throw new StoreError("refused", `${name} is not a function to call here`);
  if (typeof table_name === "string" && table_name.includes(OF_FILES)) {
    throw new StoreError("refused", `${table_name} is not a table: files are not read here`);
  }
}

const lower_case = (name: unknown): string => (typeof name === "string" ? name.toLowerCase() : "");

/** All objects in it. By a list and not by calls: a statement may be nested deeply. */
function* nodes_of(statement: unknown): Generator<Node> {
  const left: unknown[] = [statement];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== "object" || value === null) continue;
    if (!Array.isArray(value)) yield value as Node;
    for (const part of Object.values(value)) left.push(part);
  }
}
