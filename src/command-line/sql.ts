import type { Config } from "../config/index.ts";
import type { SqlOptions } from "./data-options.ts";

type Answer = { columns: { name: string }[]; rows: unknown[][]; truncated: boolean };

/** Prints the answer; a note on standard error says when there was more. Resolves to the exit code. */
export async function print_sql(
  config: Config,
  select: string | undefined,
  { format, timeout_ms }: SqlOptions,
): Promise<number> {
  const { answer_sql } = await import("../inspect/index.ts");
  const answer = await answer_sql(config, select ?? (await Bun.stdin.text()), timeout_ms);
  const text = WRITERS[format](answer);
  await new Promise<void>((written) => process.stdout.write(text, () => written()));
  if (answer.truncated) console.error(`junjo-traces: only the first ${answer.rows.length} rows`);
  return 0;
}

const WRITERS: Record<SqlOptions["format"], (answer: Answer) => string> = { table, json, csv };

/** One object for each row. */
function json({ columns, rows }: Answer): string {
  const names = columns.map(({ name }) => JSON.stringify(name));
  const lines = rows.map((row) => `{${row.map((value, index) => `${names[index]}:${json_text(value)}`).join()}}`);
  return `[${lines.join(",\n")}]\n`;
}

/** RFC 4180, with the names in the first record. Null is nothing, and the empty text "". */
function csv({ columns, rows }: Answer): string {
  const records = [columns.map(({ name }) => csv_field(name)), ...rows.map((row) => row.map(csv_field))];
  return records.map((fields) => `${fields.join()}\r\n`).join("");
}

function csv_field(value: unknown): string {
  if (value === null) return "";
  const text = cell_text(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function table({ columns, rows }: Answer): string {
  const cells = rows.map((row) => row.map((value) => (value === null ? "NULL" : one_line(cell_text(value)))));
  const lines = [columns.map(({ name }) => one_line(name)), ...cells];
  const widths = columns.map((_, column) => lines.reduce((width, line) => Math.max(width, line[column].length), 0));
  const rule = widths.map((width) => "-".repeat(width));
  return [lines[0], rule, ...cells]
    .map(
      (line) =>
        `${line
          .map((cell, column) => cell.padEnd(widths[column]))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

/** What stands in the text of a terminal must not move its cursor. */
const one_line = (text: string): string =>
  text.replaceAll(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1));

const cell_text = (value: unknown): string => (typeof value === "string" ? value : json_text(value));

/** With every digit of whole numbers. */
const json_text = (value: unknown): string =>
  typeof value === "bigint" ? String(value) : (JSON.stringify(value, exact) ?? "null");

/** JSON.stringify takes no bigint: JSON.rawJSON writes one as a number. */
const exact = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? raw_json(String(value)) : value);

const raw_json = (text: string): unknown => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
