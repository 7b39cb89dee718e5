import { expect, it } from "bun:test";
import { REFUSED_FUNCTIONS, TABLE_FUNCTIONS } from "../../src/store/duckdb/queries/checked-select.ts";
import { run_sql } from "../support/sql.ts";

/** Of those that DuckDB says do more than give a value, these are known to do no harm. */
const HARMLESS = [
  "current_connection_id current_query current_query_id current_transaction_id error stats",
  "gen_random_uuid random uuid uuidv4 uuidv7",
].flatMap((line) => line.split(" "));

const names = async (sql: string) => (await run_sql(sql)).map(([name]) => String(name));

it("every function that DuckDB says has effects is refused, or known to do no harm", async () => {
  const found = await names(
    "SELECT DISTINCT function_name FROM duckdb_functions() WHERE has_side_effects ORDER BY ALL",
  );
  expect(found).toEqual([...REFUSED_FUNCTIONS, ...HARMLESS].sort());
});

it("every function that may be selected from is one of DuckDB's", async () => {
  const found = await names("SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type LIKE 'table%'");
  expect([...TABLE_FUNCTIONS].filter((name) => !found.includes(name))).toEqual([]);
});
