import type { Column } from "../../decode/index.ts";

/** A column's value as JSON text, in SQL. Strings are escaped by the engine; JSON passes as the text that it is. */
function value_sql({ name, kind }: Column): string {
  switch (kind) {
    case "text":
      return `to_json(${name})::VARCHAR`;
    case "timestamp_us":
      // Six decimals and an offset, to the letter of ISO 8601, whatever the session's time zone.
      return `'"' || strftime(${name} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%f+00:00') || '"'`;
    case "int32":
      // trace_flags may use all its 32 bits: shown as OTLP has it, unsigned.
      return name === "trace_flags" ? `(${name}::BIGINT & 4294967295)::VARCHAR` : `${name}::VARCHAR`;
    default:
      return `${name}::VARCHAR`;
  }
}

/**
 * An expression that gives a row of a table with these columns as one JSON object's text.
 *
 * It joins text rather than building a JSON value: nothing is parsed, so integers keep every digit and a large payload
 * is copied once.
 */
export function row_json_sql(columns: readonly Column[]): string {
  const members = columns.map((column, index) => {
    const comma = index === 0 ? "" : ",";
    return `'${comma}"${column.name}":', coalesce(${value_sql(column)}, 'null')`;
  });
  return `concat('{', ${members.join(", ")}, '}')`;
}
