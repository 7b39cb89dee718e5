import type { ColumnCells, WrittenColumn } from "../../src/store/parquet/index.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** A cell as a test thinks of it. Times are microseconds. */
export type Value = string | number | bigint | boolean | null;

export type Column = WrittenColumn & { values: readonly Value[] };

/** The values as the writer takes them. Now and then neighbours that are alike share their text. */
export function cells_of({ kind, values }: Column): ColumnCells {
  switch (kind) {
    case "int32":
      return Int32Array.from(values as number[]);
    case "uint32":
      return Uint32Array.from(values as number[]);
    case "timestamp_us":
      return BigInt64Array.from(values as bigint[]);
    case "boolean":
      return Uint8Array.from(values, Number);
    default:
      return text_cells(values as (string | null)[]);
  }
}

function text_cells(values: readonly (string | null)[]): ColumnCells {
  const pieces: Buffer[] = [Buffer.from("before the first")];
  const offsets = new Uint32Array(values.length);
  const lengths = new Int32Array(values.length);
  let end = pieces[0].length;
  for (const [row, value] of values.entries()) {
    const piece = value === null ? null : Buffer.from(value);
    lengths[row] = piece?.length ?? -1;
    if (row % 3 > 0 && value === values[row - 1]) {
      offsets[row] = offsets[row - 1];
      continue;
    }
    offsets[row] = end;
    if (piece !== null) end += pieces.push(piece) > 0 ? piece.length : 0;
  }
  return { bytes: Buffer.concat(pieces), offsets, lengths };
}

const LETTERS = ["a", "b", "z", "\u0000", "ä", "日", "😀", " ", "'"];
const CONSTANT = "größe 日本";

type MakeValue = (row: number) => Value;

/** Columns of every kind: of values alike, few, rising, all different, with and without nulls. */
export function random_columns(row_count: number, random: SeededRandom): Column[] {
  const word = (length_max: number) =>
    Array.from({ length: random.between(0, length_max) }, () => random.pick(LETTERS)).join("");
  const few = Array.from({ length: 5 }, () => word(6));
  const many = Array.from({ length: Math.ceil(row_count / 4) }, (_, i) => `${word(4)}${i}`);
  const or_null =
    (make: MakeValue): MakeValue =>
    (row) =>
      random.chance(0.3) ? null : make(row);
  const signed = () => random.between(-(2 ** 31), 2 ** 31 - 1);
  const unsigned = () => random.between(0, 2 ** 32 - 1);
  const make: Record<string, [kind: WrittenColumn["kind"], make: MakeValue]> = {
    text_distinct: ["text", (row) => `${word(12)}${row}`],
    text_distinct_nulls: ["text", or_null((row) => `${word(12)}${row}`)],
    text_rising: ["text", (row) => String(row).padStart(8, "0")],
    text_one_length_nulls: ["text", or_null((row) => `id ${String(row).padStart(6, "0")}`)],
    text_one_length_then_others: ["text", (row) => (row < 2_000 ? String(row).padStart(6, "0") : `${row}`)],
    text_few: ["text", () => random.pick(few)],
    text_few_nulls: ["text", or_null(() => random.pick(few))],
    text_many: ["text", () => random.pick(many)],
    text_some_empty: ["text", () => (random.chance(0.5) ? "" : word(3))],
    text_all_empty: ["text", () => ""],
    text_constant: ["text", () => CONSTANT],
    text_constant_nulls: ["text", or_null(() => CONSTANT)],
    text_constant_long: ["text", () => "x".repeat(1_000)],
    text_long: ["text", (row) => word(40).repeat(row % 50)],
    text_then_null: ["text", (row) => (row < 4096 ? "then" : null)],
    text_nothing: ["text", () => null],
    json_few: ["json", () => random.pick(["{}", "[]", "null", '"ä"'])],
    json_distinct: ["json", or_null((row) => JSON.stringify({ row, word: word(8) }))],
    json_nothing: ["json", () => null],
    int32_any: ["int32", signed],
    int32_negative: ["int32", () => -random.between(1, 1_000)],
    int32_constant: ["int32", () => -7],
    int32_extremes: ["int32", () => random.pick([-(2 ** 31), 2 ** 31 - 1, 0])],
    uint32_any: ["uint32", unsigned],
    uint32_high: ["uint32", () => 2 ** 32 - 1 - random.between(0, 9)],
    uint32_constant: ["uint32", () => 2 ** 31 + 5],
    uint32_rising: ["uint32", (row) => row * 400_000],
    time_any: ["timestamp_us", () => BigInt(random.between(-(2 ** 50), 2 ** 53 - 1))],
    time_negative: ["timestamp_us", () => BigInt(-random.between(1, 2 ** 50))],
    time_constant: ["timestamp_us", () => -1n],
    time_rising: ["timestamp_us", (row) => 1_795_000_000_000_000n + BigInt(row)],
    boolean_any: ["boolean", () => random.chance(0.5)],
    boolean_true: ["boolean", () => true],
    boolean_false: ["boolean", () => false],
    boolean_falling: ["boolean", (row) => row < 4096],
  };
  return Object.entries(make).map(([name, [kind, value_at]]) => ({
    name,
    kind,
    values: Array.from({ length: row_count }, (_, row) => value_at(row)),
  }));
}
