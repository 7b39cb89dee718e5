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

/** `value_count`: with nulls. */
type Statistics = { value_count: number; null_count: number; min: Uint8Array | null; max: Uint8Array | null };

/**
 * What a file says of itself, in arrays of numbers: a store has hundreds of files of row groups of 39 columns.
 * A chunk, one column of one row group, has the number `group * columns.length + column`.
 */
export class Footer {
  readonly columns: readonly ParquetColumn[];
  /** By group. */
  readonly first_rows: number[] = [];
  readonly row_counts: number[] = [];
  /** By chunk. */
  starts = new Float64Array(0);
  lengths = new Float64Array(0);
  codecs = new Uint8Array(0);
  /** Where the places of its pages are written; 0 bytes: nowhere. */
  index_starts = new Float64Array(0);
  index_lengths = new Uint32Array(0);
  private constant_places = new Int32Array(0);
  private readonly constants: Cell[] = [];
  private readonly places_of_constants = new Map<string, number>();

  /** Reads the FileMetaData that `bytes` begin with. */
  constructor(bytes: Uint8Array) {
    const reader = new ThriftReader(bytes);
    const columns: ParquetColumn[] = [];
    this.columns = columns;
    reader.struct((id) => {
      // The schema comes before the groups.
      if (id === 2) reader.list(() => read_column(reader, columns));
      else if (id === 4) reader.list((count) => this.read_group(reader, count));
      else return false;
      return true;
    });
    this.places_of_constants.clear();
  }

  get group_count(): number {
    return this.row_counts.length;
  }

  /** The one value that every cell of the chunk has, or undefined if the statistics don't say that it has one. */
  constant(chunk: number): Cell | undefined {
    const place = this.constant_places[chunk];
    return place === UNKNOWN ? undefined : this.constants[place];
  }

  private read_group(reader: ThriftReader, group_count: number): void {
    const group = this.group_count;
    if (group === 0) this.make_room(group_count * this.columns.length);
    this.first_rows.push(group === 0 ? 0 : this.first_rows[group - 1] + this.row_counts[group - 1]);
    reader.struct((id) => {
      if (id === 1) this.read_chunks(reader, group);
      // Comes last: until then the group does not count.
      else if (id === 3) this.row_counts.push(reader.integer());
      else return false;
      return true;
    });
    if (this.group_count !== group + 1) throw new ParquetError("a row group does not say how many rows it has");
  }

  private make_room(chunk_count: number): void {
    this.starts = new Float64Array(chunk_count);
    this.lengths = new Float64Array(chunk_count);
    this.codecs = new Uint8Array(chunk_count);
    this.index_starts = new Float64Array(chunk_count);
    this.index_lengths = new Uint32Array(chunk_count);
    this.constant_places = new Int32Array(chunk_count).fill(UNKNOWN);
  }

  private read_chunks(reader: ThriftReader, group: number): void {
    const { columns } = this;
    let column = 0;
    reader.list(() => {
      if (column === columns.length) throw new ParquetError("a row group has too many columns");
      const { type } = columns[column];
      const chunk = group * columns.length + column++;
      const statistics = this.read_chunk(reader, chunk);
      this.note_constant(chunk, statistics, type);
    });
    if (column !== columns.length) throw new ParquetError(`a row group has ${column} columns`);
  }

  private read_chunk(reader: ThriftReader, chunk: number): Statistics {
    const statistics: Statistics = { value_count: 0, null_count: UNKNOWN, min: null, max: null };
    let [data_at, dictionary_at] = [0, 0];
    reader.struct((id) => {
      if (id === 4) this.index_starts[chunk] = reader.integer();
      if (id === 5) this.index_lengths[chunk] = reader.integer();
      if (id === 4 || id === 5) return true;
      if (id !== 3) return false;
      reader.struct((meta) => {
        if (meta === 4) this.codecs[chunk] = reader.integer();
        else if (meta === 5) statistics.value_count = reader.integer();
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

  private note_constant(chunk: number, { value_count, null_count, min, max }: Statistics, type: number): void {
    if (null_count === value_count) {
      this.constant_places[chunk] = this.place_of("null", () => null);
    } else if (null_count === 0 && min !== null && max !== null && min.length <= STATISTIC_BYTES_MAX) {
      if (!is_equal(min, max)) return;
      this.constant_places[chunk] = this.place_of(`${type}:${latin1(min)}`, () =>
        plain_value(new Uint8Array(min), type),
      );
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

function is_equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
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
