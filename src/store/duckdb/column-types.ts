import type { Column, ColumnKind } from "../../decode/index.ts";

/** What DuckDB calls the kinds of columns. */
const TYPES: Record<ColumnKind, string> = {
  text: "VARCHAR",
  json: "JSON",
  timestamp_us: "TIMESTAMP WITH TIME ZONE",
  int32: "INTEGER",
  uint32: "UINTEGER",
  boolean: "BOOLEAN",
};

/** The columns as SELECT has them. */
export const column_names = (columns: readonly Column[]): string => columns.map(({ name }) => name).join(", ");

/** A SELECT of the columns that gives no row. */
export const no_rows = (columns: readonly Column[]): string =>
  `SELECT ${columns.map(({ name, kind }) => `NULL::${TYPES[kind]} AS ${name}`).join(", ")} WHERE false`;

/** The columns as CREATE TABLE has them. */
export const column_definitions = (columns: readonly Column[]): string =>
  columns.map(({ name, kind, is_nullable }) => `${name} ${TYPES[kind]}${is_nullable ? "" : " NOT NULL"}`).join(", ");
