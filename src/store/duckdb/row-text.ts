import { type Column, iso_time_text, SPAN_COLUMNS } from "../../decode/index.ts";
import type { SpanRow } from "../../encode/index.ts";
import type { Cell } from "../parquet/index.ts";

const MEMBERS = SPAN_COLUMNS.map((column, index) => ({
  column,
  opening: `${index === 0 ? "{" : ","}${JSON.stringify(column.name)}:`,
}));

/** A row as JSON text, to the letter as row_json_sql has it but for how strings are escaped. Cells are by SPAN_COLUMNS. */
export const row_text = (cells: readonly Cell[]): string =>
  `${MEMBERS.map(({ column, opening }, index) => opening + cell_text(column, cells[index])).join("")}}`;

/** A row as values: JSON as text, times in microseconds. */
export const row_values = (cells: readonly Cell[]): SpanRow =>
  Object.fromEntries(SPAN_COLUMNS.map(({ name }, index) => [name, cell_value(cells[index])])) as SpanRow;

const cell_value = (cell: Cell): unknown => (cell instanceof Uint8Array ? utf8(cell) : cell);

function cell_text({ name, kind }: Column, cell: Cell): string {
  if (cell === null) return "null";
  switch (kind) {
    case "text":
      return JSON.stringify(utf8(cell));
    case "json":
      return utf8(cell);
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

function utf8(cell: Cell): string {
  if (!(cell instanceof Uint8Array)) throw new Error("a text column has a cell that is not text");
  return Buffer.from(cell.buffer, cell.byteOffset, cell.length).toString();
}

function as_number(cell: Cell): number | bigint {
  if (typeof cell !== "number" && typeof cell !== "bigint") throw new Error("a column of numbers has another cell");
  return cell;
}
