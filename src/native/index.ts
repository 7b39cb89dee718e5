/**
 * DuckDB inside the executable.
 *
 * An operating system loads shared libraries from files alone, so the two that the executable carries are unpacked on
 * the first start and found again on later ones. Only the executable contains this room: scripts/build.ts puts it where
 * `@duckdb/node-bindings` looks for its libraries.
 *
 * `load_addon` gives what the addon exports, or throws NativeError, which says of each directory tried why it would not
 * do. A directory that somebody else owns or can write to is never used, nor is a file whose hash is not as built.
 */
export { load_addon } from "./load.ts";
export { NativeError } from "./error.ts";
export type { NativeFile } from "./unpack.ts";
