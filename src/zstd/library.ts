import { dlopen, type Pointer, ptr } from "bun:ffi";

/** Functions of zstd.h by their names in C++, which DuckDB gives its copy: sizes and pointers as there. */
const FUNCTIONS = {
  _ZN11duckdb_zstd21ZSTD_estimateCCtxSizeEi: { args: ["i32"], returns: "u64" },
  _ZN11duckdb_zstd21ZSTD_estimateDCtxSizeEv: { args: [], returns: "u64" },
  _ZN11duckdb_zstd19ZSTD_initStaticCCtxEPvm: { args: ["ptr", "u64"], returns: "ptr" },
  _ZN11duckdb_zstd19ZSTD_initStaticDCtxEPvm: { args: ["ptr", "u64"], returns: "ptr" },
  _ZN11duckdb_zstd17ZSTD_compressCCtxEPNS_11ZSTD_CCtx_sEPvmPKvmi: {
    args: ["ptr", "ptr", "u64", "ptr", "u64", "i32"],
    returns: "u64",
  },
  _ZN11duckdb_zstd19ZSTD_decompressDCtxEPNS_11ZSTD_DCtx_sEPvmPKvm: {
    args: ["ptr", "ptr", "u64", "ptr", "u64"],
    returns: "u64",
  },
  _ZN11duckdb_zstd20ZSTD_decompressBeginEPNS_11ZSTD_DCtx_sE: { args: ["ptr"], returns: "u64" },
  _ZN11duckdb_zstd28ZSTD_nextSrcSizeToDecompressEPNS_11ZSTD_DCtx_sE: { args: ["ptr"], returns: "u64" },
  _ZN11duckdb_zstd23ZSTD_decompressContinueEPNS_11ZSTD_DCtx_sEPvmPKvm: {
    args: ["ptr", "ptr", "u64", "ptr", "u64"],
    returns: "u64",
  },
} as const;

/** By the name that it has in itself: a library of that name which is loaded already is found wherever it lies. */
const NAME = "libduckdb.so";

/** Higher ones need more memory. */
const LEVEL_MAX = 3;

/** All give a length, or a number beyond all lengths where something is wrong. */
export type ZstdLibrary = {
  compress: (to: Pointer, to_bytes: number, from: Pointer, from_bytes: number, level: number) => bigint;
  decompress: (to: Pointer, to_bytes: number, from: Pointer, from_bytes: number) => bigint;
  /** A frame piece by piece, each behind what the ones before it gave. */
  begin_frame: () => bigint;
  /** Of the next piece; 0: the frame has ended. */
  next_piece_bytes: () => bigint;
  decompress_piece: (to: Pointer, to_bytes: number, from: Pointer, from_bytes: number) => bigint;
};

/** Held on to: only pointers into them are used. */
const memories: Uint8Array[] = [];

let opened: ZstdLibrary | null | undefined;

/** The zstd in DuckDB's library, for this thread, or null where there is none of that name. DuckDB is loaded already. */
export const zstd_library = (): ZstdLibrary | null => (opened === undefined ? (opened = open_library()) : opened);

function open_library(): ZstdLibrary | null {
  try {
    const { symbols } = dlopen(NAME, FUNCTIONS);
    // What zstd works with lies in memory of ours, which goes when the thread does.
    const compression = new Uint8Array(Number(symbols._ZN11duckdb_zstd21ZSTD_estimateCCtxSizeEi(LEVEL_MAX)));
    const decompression = new Uint8Array(Number(symbols._ZN11duckdb_zstd21ZSTD_estimateDCtxSizeEv()));
    const compressing = symbols._ZN11duckdb_zstd19ZSTD_initStaticCCtxEPvm(ptr(compression), compression.length);
    const decompressing = symbols._ZN11duckdb_zstd19ZSTD_initStaticDCtxEPvm(ptr(decompression), decompression.length);
    if (compressing === null || decompressing === null) return null;
    const compress = symbols._ZN11duckdb_zstd17ZSTD_compressCCtxEPNS_11ZSTD_CCtx_sEPvmPKvmi;
    const decompress = symbols._ZN11duckdb_zstd19ZSTD_decompressDCtxEPNS_11ZSTD_DCtx_sEPvmPKvm;
    const begin_frame = symbols._ZN11duckdb_zstd20ZSTD_decompressBeginEPNS_11ZSTD_DCtx_sE;
    const next_piece_bytes = symbols._ZN11duckdb_zstd28ZSTD_nextSrcSizeToDecompressEPNS_11ZSTD_DCtx_sE;
    const decompress_piece = symbols._ZN11duckdb_zstd23ZSTD_decompressContinueEPNS_11ZSTD_DCtx_sEPvmPKvm;
    memories.push(compression, decompression);
    return {
      compress: (to, to_bytes, from, from_bytes, level) => compress(compressing, to, to_bytes, from, from_bytes, level),
      decompress: (to, to_bytes, from, from_bytes) => decompress(decompressing, to, to_bytes, from, from_bytes),
      begin_frame: () => begin_frame(decompressing),
      next_piece_bytes: () => next_piece_bytes(decompressing),
      decompress_piece: (to, to_bytes, from, from_bytes) =>
        decompress_piece(decompressing, to, to_bytes, from, from_bytes),
    };
  } catch {
    return null;
  }
}
