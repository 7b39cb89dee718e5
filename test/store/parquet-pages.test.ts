import { describe, expect, it } from "bun:test";
import { join } from "node:path";
import { ByteSink, type Cell, PageCache, ParquetFile, ParquetWriter } from "../../src/store/parquet/index.ts";
import { ones_before } from "../../src/store/parquet/hybrid.ts";
import { put_hybrid } from "../../src/store/parquet/write/levels.ts";
import { cells_of, type Column, type Value } from "../support/parquet-columns.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { temp_dir } from "../support/temp-dir.ts";
// Its library has the zstd that can stop behind a block.
import "@duckdb/node-api";

const ROW_COUNT = 50_000;
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`parquet pages seed ${SEED}`);
const RANDOM = new SeededRandom(SEED);

const hex = (bytes: number) => Buffer.from(RANDOM.bytes(bytes)).toString("hex");
const values = (make: () => Value): Value[] => Array.from({ length: ROW_COUNT }, make);
const some = (make: () => Value) => values(() => (RANDOM.chance(0.3) ? null : make()));

/** Each has one page, of several of the blocks that zstd decompresses one by one. */
const COLUMNS: readonly Column[] = [
  { name: "time", kind: "timestamp_us", values: values(() => BigInt(RANDOM.between(0, 2 ** 50))) },
  { name: "number", kind: "int32", values: values(() => RANDOM.between(-(2 ** 31), 2 ** 31 - 1)) },
  { name: "flag", kind: "boolean", values: values(() => RANDOM.chance(0.5)) },
  { name: "id", kind: "text", values: values(() => hex(8)) },
  { name: "some_ids", kind: "text", values: some(() => hex(16)) },
  { name: "text", kind: "text", values: some(() => hex(RANDOM.between(0, 20))) },
];
const NAMES = COLUMNS.map(({ name }) => name);

const comparable = (cell: Cell) => (cell instanceof Uint8Array ? Buffer.from(cell).toString() : cell);

describe("a page of many blocks", () => {
  it("gives every row that is asked for, whatever was asked of it before", async () => {
    using directory = temp_dir();
    const path = join(directory.path, "rows.parquet");
    const options = { group_rows: ROW_COUNT, zstd_level: 1, pages: { rows: ROW_COUNT, text_bytes: 64 * 1024 * 1024 } };
    using writer = new ParquetWriter(path, COLUMNS, options);
    const rows = Uint32Array.from({ length: ROW_COUNT }, (_, row) => row);
    writer.add_rows((column, of_slice) => () => [{ cells: cells_of(COLUMNS[column]), rows: of_slice }], rows);
    writer.finish();
    await using file = await ParquetFile.open(path, new PageCache(64 * 1024 * 1024));
    const random_rows = Array.from({ length: 40 }, () =>
      Array.from({ length: RANDOM.between(1, 5) }, () => RANDOM.between(0, ROW_COUNT - 1)).sort((a, b) => a - b),
    );
    for (const asked of [[0], [5, 6], [9_000], [2], ...random_rows, [ROW_COUNT - 1], [0]]) {
      const cells = await file.cells(0, NAMES, asked);
      for (const [column, { name, values: of_column }] of COLUMNS.entries()) {
        expect([name, ...cells[column].map(comparable)]).toEqual([name, ...asked.map((row) => of_column[row])]);
      }
    }
  });
});

describe("ones_before", () => {
  it.each([0, 0.02, 0.5, 0.98, 1])("counts what is before each place: %d of all are ones", (share) => {
    for (const count of [1, 7, 8, 9, 64, 1_000]) {
      // Runs of one value and packed ones by turns.
      const bits = Uint8Array.from({ length: count }, (_, place) =>
        Number(RANDOM.chance((place >> 7) % 2 ? 1 : share)),
      );
      const sink = new ByteSink();
      put_hybrid(sink, bits, 1);
      const places = [...Array.from({ length: count }, (_, place) => place).filter(() => RANDOM.chance(0.4)), count];
      const wanted = places.map((place) => bits.subarray(0, place).reduce((sum, bit) => sum + bit, 0));
      expect(Array.from(ones_before(sink.content, 0, places))).toEqual(wanted);
    }
  });
});
