import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from "@duckdb/node-api";
import {
  type Cell,
  PageCache,
  ParquetFile,
  ParquetScan,
  ParquetWriter,
  type Slices,
} from "../../src/store/parquet/index.ts";
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

const PAGES = { rows: 1000, text_bytes: 64 * 1024 };
type Options = { group_rows?: number; slice_rows?: number };

/** Writes the columns' values at these places, which are the rows of the file: in slices of that many. */
function write(
  columns: readonly Column[],
  places: Uint32Array,
  { group_rows = GROUP_ROWS, slice_rows = Infinity }: Options = {},
): void {
  rmSync(path, { force: true });
  using writer = new ParquetWriter(path, columns, { group_rows, zstd_level: 2, pages: PAGES });
  const cells = columns.map(cells_of);
  const slices =
    (column: number, rows: Uint32Array): Slices =>
    () =>
      Array.from({ length: Math.ceil(rows.length / Math.min(slice_rows, rows.length)) }, (_, slice) => ({
        cells: cells[column],
        rows: rows.subarray(slice * Math.min(slice_rows, rows.length), (slice + 1) * slice_rows),
      }));
  writer.add_rows(slices, places);
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
  { group_rows = GROUP_ROWS }: Options,
  random: SeededRandom,
): Promise<void> {
  await using file = await ParquetFile.open(path, new PageCache(1024 * 1024));
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
    }
  }
}

/** Read from one end to the other, and with a leap back now and then. */
function expect_scanned(columns: readonly Column[], places: Uint32Array, random: SeededRandom): void {
  using scan = new ParquetScan(path);
  expect(scan.row_count).toBe(places.length);
  for (const { name, kind, values } of columns) {
    const cursor = scan.column(name);
    const rows = Array.from({ length: places.length }, (_, row) => (random.chance(0.01) ? row >> 1 : row));
    const found = rows.map((row): Value => {
      const { first_row, end_row, cells } = cursor.block_of(row);
      expect(row >= first_row && row < end_row).toBe(true);
      if (!("offsets" in cells)) return kind === "boolean" ? cells[row - first_row] === 1 : cells[row - first_row];
      const { bytes, offsets, lengths } = cells;
      const [at, length] = [offsets[row - first_row], lengths[row - first_row]];
      return length < 0 ? null : Buffer.from(bytes.subarray(at, at + length)).toString();
    });
    const read = kind === "uint32" ? found.map((value) => Number(value) >>> 0) : found;
    expect_equal(
      name,
      read,
      rows.map((row) => values[places[row]]),
    );
  }
}

function expect_constant(file: ParquetFile, group: number, { name, kind }: Column, values: readonly Value[]): void {
  const is_constant = values.every((value) => value === values[0]);
  const is_long = typeof values[0] === "string" && Buffer.byteLength(values[0]) > BOUND_BYTES_MAX;
  const found = bytes_of(file.constant(group, name));
  const wanted = !is_constant || is_long ? undefined : values[0];
  expect([name, kind === "uint32" && typeof found === "number" ? found >>> 0 : found]).toEqual([name, wanted]);
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
    const options = { slice_rows: random.pick([Infinity, 700]) };
    write(columns, places, options);
    await expect_read_by_duckdb(columns, places);
    await expect_read_by_us(columns, places, options, random);
    expect_scanned(columns, places, random);
  });

  it.each([
    [9_000, 4096],
    [60, 7],
  ])(
    "has statistics that hide no row: %i rows in groups of %i",
    async (row_count, group_rows) => {
      const random = seeded();
      const columns = random_columns(row_count, random);
      const places = in_order(row_count);
      write(columns, places, { group_rows });
      await expect_same_filters(columns, random);
      await expect_read_by_us(columns, places, { group_rows }, random);
    },
    30_000,
  );

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
    for (const options of [{}, { group_rows: 12, slice_rows: 5 }]) {
      write(columns, places, options);
      await expect_read_by_duckdb(columns, places);
      await expect_read_by_us(columns, places, options, random);
    }
  });
});

const in_numbers = (count: number, make: (row: number) => Value): Value[] =>
  Array.from({ length: count }, (_, row) => make(row));
