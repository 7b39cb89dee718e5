import { afterAll, beforeAll } from "bun:test";
import type { FileBackedStore, SpanStore } from "../../../src/store/index.ts";
import { temp_dir, type TempDir } from "../../support/temp-dir.ts";

/**
 * Opens the store that is kept under the name of a directory, or makes it; what it had when it was last closed is there.
 * `hot_rows_max`: about how many rows it should have before it makes them durable by itself.
 */
export type OpenStore = (directory: string, options?: { hot_rows_max: number }) => Promise<SpanStore>;

export type OpenFileBackedStore = (directory: string) => Promise<FileBackedStore>;

/** A store for all tests of the describe block in which this is called. */
export function opened_for_block(open: OpenStore): { readonly store: SpanStore } {
  let directory: TempDir;
  let store: SpanStore;
  beforeAll(async () => {
    directory = temp_dir();
    store = await open(directory.path);
  });
  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    directory[Symbol.dispose]();
  });
  return {
    get store() {
      return store;
    },
  };
}
