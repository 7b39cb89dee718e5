import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from "@duckdb/node-api";
import { type Cell, ParquetFile, ParquetWriter } from "../../src/store/parquet/index.ts";
import { cells_of, type Column, random_columns, type Value } from "../support/parquet-columns.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

const GROUP_ROWS = 4096;
/** A text that is longer has a bound only in a column that must have one. */
const BOUND_BYTES_MAX = 256;
const TYPES = {
  text: "VARCHAR",
  json: "JSON",
  timestamp_us: "TIMESTAMP WITH TIME ZONE",
  int32: "INTEGER",
  uint32: "UINTEGER",
  boolean: "BOOLEAN",
};

let directory: TempDir;
let path: string;
let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeAll(async () => {
  directory = temp_dir();
  path = join(directory.path, "rows.parquet");
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
  directory[Symbol.dispose]();
});

type Options = { group_rows?: number; bounds_of?: readonly string[] };

/** Writes the columns' values at these places, which are the rows of the file. */
function write(
  columns: readonly Column[],
  places: Uint32Array,
  { group_rows = GROUP_ROWS, bounds_of = [] }: Options = {},
): void {
  rmSync(path, { force: true });
  using writer = new ParquetWriter(path, columns, { group_rows, zstd_level: 2, bounds_of });
  writer.add_rows(columns.map(cells_of), places);
  const file = writer.finish();
  const content = readFileSync(path);
  expect(file).toEqual({ bytes: content.length, crc32: crc32(content) });
}

/** As the columns have it. */
function value_of(value: DuckDBValue): Value {
  if (typeof value === "object" && value !== null) return (value as { micros: bigint }).micros;
  return value;
}

async function expect_read_by_duckdb(columns: readonly Column[], places: Uint32Array): Promise<void> {
  const result = await connection.runAndReadAll(`FROM read_parquet('${path}')`);
  const described = await connection.runAndReadAll(`DESCRIBE FROM read_parquet('${path}')`);
  expect(described.getRows().map(([name, type]) => [name, type])).toEqual(
    columns.map(({ name, kind }) => [name, TYPES[kind]]),
  );
  const read = result.getColumns();
  for (const [index, { name, values }] of columns.entries()) {
    expect_equal(
      name,
      read[index]?.map(value_of) ?? [],
      Array.from(places, (place) => values[place]),
    );
  }
}

/** Of texts of megabytes, a failure should not print more than where they differ. */
function expect_equal(name: string, found: readonly Value[], wanted: readonly Value[]): void {
  expect(`${name}: ${found.length} rows`).toBe(`${name}: ${wanted.length} rows`);
  const different = found.findIndex((value, row) => value !== wanted[row]);
  const shown = (value: Value | undefined) => String(value).slice(0, 100);
  if (different >= 0) expect(`${name} ${different}: ${shown(found[different])}`).toBe(shown(wanted[different]));
}

/** DuckDB skips groups by their statistics: a table, which has none of ours, must give the same rows. */
async function expect_same_filters(columns: readonly Column[], random: SeededRandom): Promise<void> {
  await connection.run(`CREATE OR REPLACE TABLE copied AS FROM read_parquet('${path}', file_row_number = true)`);
  const rows = "list(file_row_number ORDER BY file_row_number)";
  for (const { name, kind, values } of columns) {
    const filters = ["IS NULL", "IS NOT NULL"];
    for (let i = 0; i < 2; i++) {
      const literal = literal_of(random.pick(values), kind, random.chance(0.3));
      if (literal !== null) filters.push(...["=", "<", ">=", "<>"].map((operator) => `${operator} ${literal}`));
    }
    const of_all = filters.map((filter) => `${rows} FILTER ("${name}" ${filter})`);
    const wanted = (await connection.runAndReadAll(`SELECT ${of_all.join()} FROM copied`)).getRowsJson()[0];
    for (const [index, filter] of filters.entries()) {
      const found = await connection.runAndReadAll(
        `SELECT ${rows} FROM read_parquet('${path}', file_row_number = true) WHERE "${name}" ${filter}`,
      );
      const shown = `${name} ${filter.slice(0, 100)}`;
      expect([shown, found.getRowsJson()[0][0]]).toEqual([shown, wanted[index]]);
    }
  }
}

/** A value for SQL, or one beside it. */
function literal_of(value: Value, kind: Column["kind"], is_beside: boolean): string | null {
  if (value === null) return null;
  if (typeof value === "boolean") return String(value !== is_beside);
  if (typeof value === "bigint") return `make_timestamptz(${value + (is_beside ? 1n : 0n)})`;
  // Neither goes beyond the type: its least number is even and its greatest odd.
  if (typeof value === "number") return `(${is_beside ? value + (value % 2 === 0 ? 1 : -1) : value})::${TYPES[kind]}`;
  const text = is_beside && kind === "text" ? `${value}\u0001` : value;
  // DuckDB's SQL ends at a NUL.
  return text.length > 1_000 ? null : `decode(unhex('${Buffer.from(text).toString("hex")}'))`;
}

const bytes_of = (cell: Cell | undefined) => (cell instanceof Uint8Array ? Buffer.from(cell).toString() : cell);

async function expect_read_by_us(
  columns: readonly Column[],
  places: Uint32Array,
  { group_rows = GROUP_ROWS, bounds_of = [] }: Options,
  random: SeededRandom,
): Promise<void> {
  await using file = await ParquetFile.open(path, bounds_of);
  expect(file.group_count).toBe(Math.ceil(places.length / group_rows));
  for (let group = 0; group < file.group_count; group++) {
    const { first_row, row_count } = file.group(group);
    expect([first_row, row_count]).toEqual([group * group_rows, Math.min(group_rows, places.length - first_row)]);
    const rows = Array.from({ length: row_count }, (_, row) => row);
    const some = rows.filter(() => random.chance(0.05));
    const names = columns.map(({ name }) => name);
    const [all_cells, some_cells] = [await file.cells(group, names, rows), await file.cells(group, names, some)];
    for (const [index, column] of columns.entries()) {
      const { name, kind } = column;
      const values = rows.map((row) => column.values[places[first_row + row]]);
      const read = (cells: readonly Cell[]): Value[] =>
        cells.map((cell) => (kind === "uint32" ? Number(cell) >>> 0 : (bytes_of(cell) as Value)));
      expect_equal(name, read(all_cells[index]), values);
      expect_equal(
        name,
        read(some_cells[index]),
        some.map((row) => values[row]),
      );
      expect_constant(file, group, column, values);
      if (kind !== "text" && kind !== "json") continue;
      const wanted = values.filter((value) => value !== null);
      for (const text of ["not there", "", ...(wanted.length > 0 ? [String(random.pick(wanted))] : [])]) {
        expect(await file.find(group, name, text)).toEqual(rows.filter((row) => values[row] === text));
      }
      if (bounds_of.includes(name)) expect(file.bounds(group, name)).toEqual(bounds_in(values));
    }
  }
}

function expect_constant(file: ParquetFile, group: number, { name, kind }: Column, values: readonly Value[]): void {
  const is_constant = values.every((value) => value === values[0]);
  const is_long = typeof values[0] === "string" && Buffer.byteLength(values[0]) > BOUND_BYTES_MAX;
  const found = bytes_of(file.constant(group, name));
  const wanted = !is_constant || is_long ? undefined : values[0];
  expect([name, kind === "uint32" && typeof found === "number" ? found >>> 0 : found]).toEqual([name, wanted]);
}

function bounds_in(values: readonly Value[]): { min: string; max: string } | null {
  const texts = values.filter((value) => value !== null).map((value) => Buffer.from(String(value)));
  const sorted = texts.sort((a, b) => Buffer.compare(a, b));
  return sorted.length === 0 ? null : { min: String(sorted[0]), max: String(sorted.at(-1)) };
}

const seeded = () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`parquet seed ${seed}`);
  return new SeededRandom(seed);
};

const shuffled = (count: number, random: SeededRandom): Uint32Array =>
  Uint32Array.from(
    Array.from({ length: count }, (_, place) => ({ place, by: random.next() }))
      .sort((a, b) => a.by - b.by)
      .map(({ place }) => place),
  );

const in_order = (count: number) => Uint32Array.from({ length: count }, (_, row) => row);

describe("what the Parquet writer writes", () => {
  it.each([0, 1, 7, 4095, 4096, 4097, 9_000])("is read back: %i rows", async (row_count) => {
    const random = seeded();
    const columns = random_columns(row_count, random);
    const places = random.chance(0.5) ? shuffled(row_count, random) : in_order(row_count);
    const options = { bounds_of: ["text_distinct", "text_few_nulls", "text_nothing"] };
    write(columns, places, options);
    await expect_read_by_duckdb(columns, places);
    await expect_read_by_us(columns, places, options, random);
  });

  it.each([
    [9_000, 4096],
    [60, 7],
  ])("has statistics that hide no row: %i rows in groups of %i", async (row_count, group_rows) => {
    const random = seeded();
    const columns = random_columns(row_count, random);
    const places = in_order(row_count);
    write(columns, places, { group_rows });
    await expect_same_filters(columns, random);
    await expect_read_by_us(columns, places, { group_rows }, random);
  });

  it("is a part of the rows, where a part is asked for", async () => {
    const random = seeded();
    const columns = random_columns(6_000, random);
    const places = shuffled(6_000, random).subarray(0, 1_500);
    write(columns, places);
    await expect_read_by_duckdb(columns, places);
    await expect_read_by_us(columns, places, {}, random);
  });

  it("may have texts of megabytes", async () => {
    const random = seeded();
    const noise = (bytes: number) => Buffer.from(random.bytes(bytes)).toString("latin1");
    const large = noise(70_000);
    const huge = large.repeat(30);
    const long = (row: number) => `${large.slice(row)}${row}`;
    const columns: Column[] = [
      { name: "distinct", kind: "text", values: in_numbers(30, long) },
      { name: "alike", kind: "text", values: in_numbers(30, () => large) },
      { name: "few", kind: "text", values: in_numbers(30, (row) => (row % 5 === 0 ? null : long(row % 4))) },
      { name: "huge", kind: "json", values: in_numbers(30, (row) => (row % 12 === 7 ? JSON.stringify(huge) : "{}")) },
      { name: "short", kind: "text", values: in_numbers(30, (row) => `${row}`) },
    ];
    const places = shuffled(30, random);
    for (const options of [{}, { bounds_of: ["distinct", "alike", "few"], group_rows: 12 }]) {
      write(columns, places, options);
      await expect_read_by_duckdb(columns, places);
      await expect_read_by_us(columns, places, options, random);
    }
  });
});

const in_numbers = (count: number, make: (row: number) => Value): Value[] =>
  Array.from({ length: count }, (_, row) => make(row));
