import { TYPE } from "../types.ts";
import { ByteSink } from "./byte-sink.ts";
import { ThriftWriter } from "./thrift-writer.ts";
import type { ChunkMeta, IndexPlace, LogicalType, WrittenColumn } from "./types.ts";

// The format: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
const VERSION = 1;
const OPTIONAL = 1;
const MAGIC = Buffer.from("PAR1");

type Thrift = (thrift: ThriftWriter) => void;

/** For each kind its physical type, its converted type, and its logical type where it has one. */
const TYPES: Record<LogicalType, { type: number; converted: number | null; logical: Thrift | null }> = {
  text: { type: TYPE.byte_array, converted: 0, logical: (thrift) => thrift.struct(1, () => undefined) },
  json: { type: TYPE.byte_array, converted: 19, logical: (thrift) => thrift.struct(12, () => undefined) },
  timestamp_us: { type: TYPE.int64, converted: 10, logical: utc_microseconds },
  int32: { type: TYPE.int32, converted: 17, logical: null },
  uint32: { type: TYPE.int32, converted: 13, logical: null },
  boolean: { type: TYPE.boolean, converted: null, logical: null },
};

function utc_microseconds(thrift: ThriftWriter): void {
  thrift.struct(8, () => {
    thrift.boolean(1, true);
    thrift.struct(2, () => thrift.struct(2, () => undefined));
  });
}

export type GroupMeta = { row_count: number; chunks: readonly ChunkMeta[] };

/**
 * What stands at the end of a file, from `start` on: an OffsetIndex for each chunk, those of a group side by side,
 * FileMetaData, its length and the magic.
 */
export function footer_of(columns: readonly WrittenColumn[], groups: readonly GroupMeta[], start: number): Uint8Array {
  const out = new ByteSink();
  const thrift = new ThriftWriter(out);
  const indexes = put_indexes(thrift, groups, start);
  const metadata_at = out.length;
  const paths = columns.map(({ name }) => [Buffer.from(name)]);
  thrift.members(() => {
    thrift.i32(1, VERSION);
    thrift.structs(2, [null, ...columns], (column) => put_schema(thrift, column, columns.length));
    thrift.i64(
      3,
      groups.reduce((sum, { row_count }) => sum + row_count, 0),
    );
    thrift.structs(4, [...groups.entries()], ([group, { row_count, chunks }]) => {
      thrift.structs(1, [...chunks.entries()], ([index, chunk]) => {
        thrift.i64(2, 0);
        thrift.struct(3, () => put_chunk(thrift, TYPES[columns[index].kind].type, paths[index], chunk));
        const { at, bytes } = indexes[group][index];
        thrift.i64(4, at);
        thrift.i32(5, bytes);
      });
      thrift.i64(
        2,
        chunks.reduce((sum, { bytes }) => sum + bytes, 0),
      );
      thrift.i64(3, row_count);
    });
    thrift.binary(6, Buffer.from("junjo-traces"));
  });
  out.uint32(out.length - metadata_at);
  out.put(MAGIC);
  return out.content;
}

/** Says where they are: by group, then by column. */
const put_indexes = (thrift: ThriftWriter, groups: readonly GroupMeta[], start: number): IndexPlace[][] =>
  groups.map(({ chunks }) =>
    chunks.map(({ pages }) => {
      const at = thrift.out.length;
      thrift.members(() =>
        thrift.structs(1, pages, (page) => {
          thrift.i64(1, page.at);
          thrift.i32(2, page.bytes);
          thrift.i64(3, page.first_row);
        }),
      );
      return { at: start + at, bytes: thrift.out.length - at };
    }),
  );

/** Null: the root. */
function put_schema(thrift: ThriftWriter, column: WrittenColumn | null, column_count: number): void {
  if (column === null) {
    thrift.binary(4, Buffer.from("schema"));
    return thrift.i32(5, column_count);
  }
  const { type, converted, logical } = TYPES[column.kind];
  thrift.i32(1, type);
  thrift.i32(3, OPTIONAL);
  thrift.binary(4, Buffer.from(column.name));
  if (converted !== null) thrift.i32(6, converted);
  if (logical !== null) thrift.struct(10, () => logical(thrift));
}

function put_chunk(thrift: ThriftWriter, type: number, path: readonly Uint8Array[], chunk: ChunkMeta): void {
  const { bounds } = chunk;
  thrift.i32(1, type);
  thrift.i32s(2, [...chunk.encodings]);
  thrift.binaries(3, path);
  thrift.i32(4, chunk.codec);
  thrift.i64(5, chunk.value_count);
  thrift.i64(6, chunk.bytes);
  thrift.i64(7, chunk.compressed_bytes);
  thrift.i64(9, chunk.data_page_at);
  if (chunk.dictionary_page_at !== null) thrift.i64(11, chunk.dictionary_page_at);
  thrift.struct(12, () => {
    thrift.i64(3, chunk.null_count);
    if (bounds === null) return;
    thrift.binary(5, bounds.max);
    thrift.binary(6, bounds.min);
    thrift.boolean(7, true);
    thrift.boolean(8, true);
  });
}
