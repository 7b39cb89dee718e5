import { type Column, iso_time_text, SPAN_COLUMNS } from "../../decode/index.ts";
import type { SpanRow } from "../../encode/index.ts";
import { type Cell, cell_text } from "../parquet/index.ts";

const MEMBERS = SPAN_COLUMNS.map((column, index) => ({
  column,
  opening: `${index === 0 ? "{" : ","}${JSON.stringify(column.name)}:`,
}));

/** A row as JSON text, to the letter as row_json_sql has it but for how strings are escaped. Cells are by SPAN_COLUMNS. */
export function row_text(cells: readonly Cell[]): string {
  let text = "";
  for (let index = 0; index < MEMBERS.length; index++) {
    const { column, opening } = MEMBERS[index];
    text += opening + cell_json(column, cells[index]);
  }
  return `${text}}`;
}

/** A row as values: JSON as text, times in microseconds. */
export const row_values = (cells: readonly Cell[]): SpanRow =>
  Object.fromEntries(SPAN_COLUMNS.map(({ name }, index) => [name, cell_value(cells[index])])) as SpanRow;

const cell_value = (cell: Cell): unknown => (cell instanceof Uint8Array ? cell_text(cell) : cell);

function cell_json({ name, kind }: Column, cell: Cell): string {
  if (cell === null) return "null";
  switch (kind) {
    case "text":
      return JSON.stringify(cell_text(cell));
    case "json":
      return cell_text(cell);
    case "timestamp_us":
      return `"${iso_time_text(BigInt(as_number(cell)))}"`;
    case "uint32":
      return String(Number(as_number(cell)) >>> 0);
    case "int32":
      return String(name === "trace_flags" ? Number(as_number(cell)) >>> 0 : as_number(cell));
    default:
      return String(cell);
  }
}

function as_number(cell: Cell): number | bigint {
  if (typeof cell !== "number" && typeof cell !== "bigint") throw new Error("a column of numbers has another cell");
  return cell;
}
