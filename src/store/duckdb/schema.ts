import type { DuckDBConnection } from "@duckdb/node-api";
import initial_sql from "../../../schemas/duckdb/0001-initial.sql" with { type: "text" };
import segments_sql from "../../../schemas/duckdb/0002-segments.sql" with { type: "text" };
import pending_spans_sql from "../../../schemas/duckdb/0003-pending-spans.sql" with { type: "text" };
import derived_patches_sql from "../../../schemas/duckdb/0004-derived-patches.sql" with { type: "text" };
import migrations_sql from "../../../schemas/duckdb/migrations.sql" with { type: "text" };
import { StoreError } from "../types.ts";

type Migration = { version: number; name: string; sql: string };

/** In order of version, without gaps. A new one is added at the end; none is ever changed. */
const MIGRATIONS: readonly Migration[] = [
  { version: 1, name: "initial", sql: initial_sql },
  { version: 2, name: "segments", sql: segments_sql },
  { version: 3, name: "pending-spans", sql: pending_spans_sql },
  { version: 4, name: "derived-patches", sql: derived_patches_sql },
];

/**
 * Creates what is missing and applies the migrations that are new, each in a transaction of its own. Throws StoreError
 * `schema_too_new` when a later release has written the file.
 */
export async function apply_schema(connection: DuckDBConnection): Promise<void> {
  await connection.run(migrations_sql);
  const rows = await connection.runAndReadAll("SELECT coalesce(max(version), 0) FROM schema_migrations");
  const applied = Number(rows.getRowsJS()[0]?.[0]);
  if (applied > MIGRATIONS.length) {
    throw new StoreError(
      "schema_too_new",
      `the database has schema version ${applied}, this release knows ${MIGRATIONS.length}: use the newer release`,
    );
  }
  for (const migration of MIGRATIONS.slice(applied)) await apply(connection, migration);
  // DuckDB's replay of its own log after a kill is at its weakest with DDL in it.
  if (applied < MIGRATIONS.length) await connection.run("CHECKPOINT");
}

async function apply(connection: DuckDBConnection, { version, name, sql }: Migration): Promise<void> {
  await connection.run("BEGIN");
  try {
    await connection.run(sql);
    await connection.run("INSERT INTO schema_migrations (version, name) VALUES ($1, $2)", [version, name]);
    await connection.run("COMMIT");
  } catch (error) {
    await connection.run("ROLLBACK");
    throw new StoreError("unavailable", `migration ${version} (${name}) failed`, { cause: error });
  }
}
