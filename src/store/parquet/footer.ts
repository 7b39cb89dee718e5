import { ParquetError } from "./error.ts";
import { plain_value } from "./plain.ts";
import { ThriftReader } from "./thrift.ts";
import { type Cell, CODEC, type ParquetColumn } from "./types.ts";

// The format: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
const OPTIONAL = 1;
const MAGIC = "PAR1";
/** The footer's length, then the magic. */
const TAIL_BYTES = 8;
/** DuckDB gives a text whole or leaves it out of the statistics from 10,000 bytes on; long ones are not worth keeping. */
const STATISTIC_BYTES_MAX = 256;
const UNKNOWN = -1;

/** How many bytes at the end of a file are its footer, by its last eight. */
export function footer_bytes(tail: Uint8Array): number {
  if (Buffer.from(tail.subarray(-MAGIC.length)).toString("latin1") !== MAGIC) {
    throw new ParquetError("the file does not end as Parquet does");
  }
  return new DataView(tail.buffer, tail.byteOffset + tail.length - TAIL_BYTES).getUint32(0, true) + TAIL_BYTES;
}

export type Bounds = { min: string; max: string };

type Statistics = { null_count: number; min: Uint8Array | null; max: Uint8Array | null };

/**
 * What a file says of itself, in arrays of numbers: a store has hundreds of files of a hundred row groups of 39 columns.
 * A chunk, one column of one row group, has the number `group * columns.length + column`.
 */
export class Footer {
  readonly columns: readonly ParquetColumn[];
  readonly group_count: number;
  /** By group. */
  readonly first_rows: number[] = [];
  readonly row_counts: number[] = [];
  /**
   * By column that `bounds_of` names, then by group: texts that none of its values is below or above. Null where they are
   * not known: DuckDB leaves out the bounds of a long text that it can't shorten.
   */
  readonly bounds: ReadonlyMap<string, (Bounds | null)[]>;
  /** By chunk. */
  readonly starts: Float64Array;
  readonly lengths: Uint32Array;
  readonly codecs: Uint8Array;
  private readonly constant_places: Int32Array;
  private readonly constants: Cell[] = [];
  private readonly places_of_constants = new Map<string, number>();

  /** Reads the FileMetaData that `bytes` begin with. */
  constructor(bytes: Uint8Array, bounds_of: readonly string[]) {
    const parsed = parse(bytes);
    this.bounds = new Map(bounds_of.map((name) => [name, []]));
    this.columns = parsed.columns;
    this.group_count = parsed.groups.length;
    const chunk_count = this.group_count * this.columns.length;
    this.starts = new Float64Array(chunk_count);
    this.lengths = new Uint32Array(chunk_count);
    this.codecs = new Uint8Array(chunk_count);
    this.constant_places = new Int32Array(chunk_count).fill(UNKNOWN);
    let first_row = 0;
    for (const [group, { row_count, chunks_at }] of parsed.groups.entries()) {
      this.first_rows.push(first_row);
      this.row_counts.push(row_count);
      first_row += row_count;
      this.read_chunks(new ThriftReader(bytes, chunks_at), group);
    }
    this.places_of_constants.clear();
  }

  /** The one value that every cell of the chunk has, or undefined if the statistics don't say that it has one. */
  constant(chunk: number): Cell | undefined {
    const place = this.constant_places[chunk];
    return place === UNKNOWN ? undefined : this.constants[place];
  }

  private read_chunks(reader: ThriftReader, group: number): void {
    let column = 0;
    reader.list(() => {
      const chunk = group * this.columns.length + column;
      const { name, type } = this.columns[column];
      const statistics = this.read_chunk(reader, chunk);
      this.bounds.get(name)?.push(bounds_in(statistics));
      this.note_constant(chunk, statistics, this.row_counts[group], type);
      column++;
    });
    if (column !== this.columns.length) throw new ParquetError(`a row group has ${column} columns`);
  }

  private read_chunk(reader: ThriftReader, chunk: number): Statistics {
    const statistics: Statistics = { null_count: UNKNOWN, min: null, max: null };
    let [data_at, dictionary_at] = [0, 0];
    reader.struct((id) => {
      if (id !== 3) return false;
      reader.struct((meta) => {
        if (meta === 4) this.codecs[chunk] = reader.integer();
        else if (meta === 7) this.lengths[chunk] = reader.integer();
        else if (meta === 9) data_at = reader.integer();
        else if (meta === 11) dictionary_at = reader.integer();
        else if (meta === 12) read_statistics(reader, statistics);
        else return false;
        return true;
      });
      return true;
    });
    if (this.codecs[chunk] !== CODEC.uncompressed && this.codecs[chunk] !== CODEC.zstd) {
      throw new ParquetError(`codec ${this.codecs[chunk]}`);
    }
    this.starts[chunk] = dictionary_at > 0 ? Math.min(dictionary_at, data_at) : data_at;
    return statistics;
  }

  private note_constant(chunk: number, { null_count, min, max }: Statistics, row_count: number, type: number): void {
    if (null_count === row_count) {
      this.constant_places[chunk] = this.place_of("null", () => null);
    } else if (null_count === 0 && min !== null && max !== null && min.length <= STATISTIC_BYTES_MAX) {
      if (Buffer.compare(min, max) !== 0) return;
      this.constant_places[chunk] = this.place_of(`${type}:${latin1(min)}`, () => plain_value(min.slice(), type));
    }
  }

  private place_of(key: string, value: () => Cell): number {
    const known = this.places_of_constants.get(key);
    if (known !== undefined) return known;
    const place = this.constants.push(value()) - 1;
    this.places_of_constants.set(key, place);
    return place;
  }
}

type Parsed = { columns: ParquetColumn[]; groups: { row_count: number; chunks_at: number }[] };

/** The schema, and where each group's chunks are described. */
function parse(bytes: Uint8Array): Parsed {
  const reader = new ThriftReader(bytes);
  const parsed: Parsed = { columns: [], groups: [] };
  reader.struct((id) => {
    if (id === 2) reader.list(() => read_column(reader, parsed.columns));
    else if (id === 4) reader.list(() => parsed.groups.push(read_group(reader)));
    else return false;
    return true;
  });
  return parsed;
}

function read_column(reader: ThriftReader, columns: ParquetColumn[]): void {
  const column = { name: "", type: -1, is_optional: false };
  reader.struct((id) => {
    if (id === 1) column.type = reader.integer();
    else if (id === 3) column.is_optional = reader.integer() === OPTIONAL;
    else if (id === 4) column.name = Buffer.from(reader.binary()).toString();
    else return false;
    return true;
  });
  // The root of the schema has no type of its own.
  if (column.type >= 0) columns.push(column);
}

function read_group(reader: ThriftReader): Parsed["groups"][number] {
  const group = { row_count: 0, chunks_at: 0 };
  reader.struct((id) => {
    if (id === 1) group.chunks_at = reader.at;
    if (id === 3) group.row_count = reader.integer();
    return id === 3;
  });
  return group;
}

function read_statistics(reader: ThriftReader, statistics: Statistics): void {
  reader.struct((id) => {
    if (id === 3) statistics.null_count = reader.integer();
    else if (id === 5) statistics.max = reader.binary();
    else if (id === 6) statistics.min = reader.binary();
    else return false;
    return true;
  });
}

const latin1 = (bytes: Uint8Array | null): string => (bytes === null ? "" : Buffer.from(bytes).toString("latin1"));

const bounds_in = ({ min, max }: Statistics): Bounds | null =>
  min === null || max === null ? null : { min: Buffer.from(min).toString(), max: Buffer.from(max).toString() };
