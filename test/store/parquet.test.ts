import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { truncateSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from "@duckdb/node-api";
import { type Cell, PageCache, ParquetError, ParquetFile } from "../../src/store/parquet/index.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

const ROW_COUNT = 7_000;
const COLUMNS = {
  number: "INTEGER",
  unsigned: "UINTEGER",
  time: "TIMESTAMPTZ",
  flag: "BOOLEAN",
  id: "VARCHAR",
  few: "VARCHAR",
  text: "VARCHAR",
  prefix: "VARCHAR",
  nothing: "VARCHAR",
  constant: "VARCHAR",
  changing: "INTEGER",
};

let directory: TempDir;
let instance: DuckDBInstance;
let connection: DuckDBConnection;
let path: string;
beforeAll(async () => {
  directory = temp_dir();
  path = join(directory.path, "rows.parquet");
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run(`SELECT setseed(0.5)`);
  // Long texts that differ only behind what statistics could hold, groups that are all null, all alike, and neither.
  await connection.run(`
    CREATE TABLE rows AS SELECT
      (random() * 4e9 - 2e9)::INTEGER AS number,
      (random() * 4e9)::UINTEGER AS unsigned,
      make_timestamptz((random() * 1.8e16)::BIGINT) AS time,
      CASE WHEN random() < 0.3 THEN NULL ELSE random() < 0.5 END AS flag,
      md5(i::VARCHAR) AS id,
      CASE WHEN random() < 0.1 THEN NULL ELSE 'value ' || (random() * 300)::INTEGER END AS few,
      CASE WHEN random() < 0.2 THEN NULL WHEN random() < 0.2 THEN '' ELSE repeat('größe 日本 ' || i, (random() * 40)::INTEGER) END AS text,
      repeat('x', 10500) || (i // 2048 % 2 * (i % 3)) AS prefix,
      NULL::VARCHAR AS nothing,
      'the same' AS constant,
      CASE WHEN i < 2048 THEN NULL WHEN i < 4096 THEN 7 WHEN i % 2 = 0 THEN 7 END::INTEGER AS changing
    FROM range(${ROW_COUNT}) AS numbers(i)`);
  await connection.run(
    `COPY rows TO '${path}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 2, ROW_GROUP_SIZE 2048, WRITE_BLOOM_FILTER false)`,
  );
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
  directory[Symbol.dispose]();
});

/** As our reader gives it. */
function as_cell(value: DuckDBValue, type: string): Cell {
  if (value === null || typeof value === "boolean") return value;
  if (type === "TIMESTAMPTZ") return (value as { micros: bigint }).micros;
  if (type === "VARCHAR") return Buffer.from(String(value));
  return Number(value) | 0;
}

const comparable = (cell: Cell) => (cell instanceof Uint8Array ? Buffer.from(cell).toString() : cell);

describe("rows of a Parquet file", () => {
  it("are what DuckDB reads, whichever are asked for", async () => {
    await using file = await ParquetFile.open(path, new PageCache(1024 * 1024));
    const random = new SeededRandom(1);
    const names = Object.keys(COLUMNS);
    expect(file.group_count).toBe(Math.ceil(ROW_COUNT / 2048));
    const all = (await connection.runAndReadAll(`SELECT ${names.join()} FROM read_parquet('${path}')`)).getRows();
    for (let group = 0; group < file.group_count; group++) {
      const { first_row, row_count } = file.group(group);
      for (const share of [0.001, 0.02, 1]) {
        const places = Array.from({ length: row_count }, (_, place) => place).filter(() => random.chance(share));
        const cells = await file.cells(group, names, places);
        for (const [column, [name, type]] of Object.entries(COLUMNS).entries()) {
          const wanted = places.map((place) => comparable(as_cell(all[first_row + place][column], type)));
          expect([name, ...cells[column].map(comparable)]).toEqual([name, ...wanted]);
        }
      }
    }
  });

  it("are there behind what was decompressed of their page before, and before it", async () => {
    // Room enough to keep pages of several blocks of zstd.
    await using file = await ParquetFile.open(path, new PageCache(64 * 1024 * 1024));
    const names = ["text", "few", "id"];
    const all = (await connection.runAndReadAll(`SELECT ${names.join()} FROM read_parquet('${path}')`)).getRows();
    for (const places of [[5], [5], [3], [900], [0, 899], [1_500, 2_047], [2_046], [1]]) {
      const cells = await file.cells(1, names, places);
      const wanted = names.map((_, column) => places.map((place) => all[2_048 + place][column]));
      expect(cells.map((column) => column.map(comparable))).toEqual(wanted as never);
    }
  });

  it.each([16, 128, 1024])("are the same when many ask at once, with a cache of %i KiB", async (kibibytes) => {
    await using file = await ParquetFile.open(path, new PageCache(kibibytes * 1024));
    const random = new SeededRandom(kibibytes);
    const names = Object.keys(COLUMNS);
    const all = (await connection.runAndReadAll(`SELECT ${names.join()} FROM read_parquet('${path}')`)).getRows();
    const one = async () => {
      const group = random.between(0, file.group_count - 1);
      const { first_row, row_count } = file.group(group);
      const places = Array.from({ length: row_count }, (_, place) => place).filter(() => random.chance(0.005));
      const some = Object.entries(COLUMNS).filter(() => random.chance(0.7));
      const cells = await file.cells(
        group,
        some.map(([name]) => name),
        places,
      );
      for (const [column, [name, type]] of some.entries()) {
        const wanted = places.map((place) => comparable(as_cell(all[first_row + place][names.indexOf(name)], type)));
        expect([name, ...cells[column].map(comparable)]).toEqual([name, ...wanted]);
      }
    };
    for (let turn = 0; turn < 10; turn++) await Promise.all(Array.from({ length: 20 }, one));
  });

  it("have values that are known to be all alike", async () => {
    await using file = await ParquetFile.open(path, new PageCache(1024));
    expect([0, 1, 2].map((group) => file.constant(group, "changing"))).toEqual([null, 7, undefined]);
    expect(comparable(file.constant(0, "constant") ?? null)).toBe("the same");
    expect(file.constant(0, "nothing")).toBeNull();
    expect(file.constant(1, "prefix")).toBeUndefined();
    expect(() => file.constant(0, "no such column")).toThrow(ParquetError);
  });
});

it("texts of several lengths are refused where Parquet would have them by delta", async () => {
  const other = join(directory.path, "delta.parquet");
  const rows = "SELECT repeat('x', i % 9) || i AS several, md5(i::VARCHAR) AS one FROM range(1000) AS numbers(i)";
  await connection.run(`COPY (${rows}) TO '${other}' (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2)`);
  const encodings = await connection.runAndReadAll(`SELECT DISTINCT encodings FROM parquet_metadata('${other}')`);
  expect(encodings.getRows()).toEqual([["DELTA_LENGTH_BYTE_ARRAY"]]);
  await using file = await ParquetFile.open(other, new PageCache(1024));
  const [[one]] = await file.cells(0, ["one"], [998]);
  expect(comparable(one)).toBe(new Bun.CryptoHasher("md5").update("998").digest("hex"));
  expect(file.cells(0, ["several"], [3])).rejects.toBeInstanceOf(ParquetError);
  await file.cells(0, ["several"], [3]).catch(() => undefined);
});

it.each([
  ["cut short", (file: string) => truncateSync(file, statSync(file).size - 100)],
  ["empty", (file: string) => writeFileSync(file, "")],
  ["something else", (file: string) => writeFileSync(file, "x".repeat(5_000))],
])("a file that is %s is refused", async (_what, damage) => {
  const damaged = join(directory.path, "damaged.parquet");
  await Bun.write(damaged, Bun.file(path));
  damage(damaged);
  const opening = ParquetFile.open(damaged, new PageCache(1024));
  expect(opening).rejects.toBeInstanceOf(ParquetError);
  await opening.catch(() => undefined);
});
