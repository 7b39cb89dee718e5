import { describe, expect, it } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { hex, new_id, span_init } from "../../support/otlp.ts";
import { poll_until } from "../../support/poll-until.ts";
import { append_spans, trace_rows } from "../../support/store.ts";
import { temp_dir } from "../../support/temp-dir.ts";
import type { OpenFileBackedStore } from "./opened.ts";

const durable = (key: Uint8Array | null): string | null => (key === null ? null : hex(key));

/** What a store with files of its own must do besides. */
export function describe_file_backed_store(name: string, open: OpenFileBackedStore): void {
  describe(`${name} as a file-backed store`, () => {
    it("keeps what is durable as it is during a hold, and goes on taking spans and answering", async () => {
      using directory = temp_dir();
      await using store = await open(directory.path);
      const traceId = new_id(16);
      const before = durable(store.durable_position("test"));
      let is_sealed = false;
      let sealing: Promise<void>;
      {
        using _hold = await store.hold();
        await append_spans(
          store,
          Array.from({ length: 10 }, () => span_init({ traceId })),
        );
        sealing = store.seal().then(() => void (is_sealed = true));
        for (let i = 0; i < 20; i++) expect(await trace_rows(store, { traceId })).toHaveLength(10);
        expect([is_sealed, durable(store.durable_position("test"))]).toEqual([false, before]);
      }
      await sealing;
      expect(durable(store.durable_position("test"))).toBe(durable(await store.position("test")));
    });

    it("goes on taking spans while a trace is being deleted", async () => {
      using directory = temp_dir();
      await using store = await open(directory.path);
      const [gone, kept] = [new_id(16), new_id(16)];
      await append_spans(store, [span_init({ traceId: gone })]);
      await store.seal();
      let deleting: Promise<number>;
      {
        // Nothing is deleted before this ends.
        using _hold = await store.hold();
        deleting = store.delete_trace(hex(gone));
        await append_spans(store, [span_init({ traceId: kept })]);
        expect(await trace_rows(store, { traceId: kept })).toHaveLength(1);
      }
      expect(await deleting).toBe(1);
      expect(await trace_rows(store, { traceId: gone })).toEqual([]);
    });

    it("keeps the files of a lease as they are, whatever is deleted and added, and lets go of them afterwards", async () => {
      using directory = temp_dir();
      await using store = await open(directory.path);
      const traceId = new_id(16);
      await append_spans(store, [span_init({ traceId }), span_init()]);
      let leased: readonly string[];
      {
        using lease = await store.lease();
        leased = lease.directories;
        expect(leased).not.toHaveLength(0);
        const before = contents(leased);
        expect(await store.delete_trace(hex(traceId))).toBe(1);
        await append_spans(store, [span_init()]);
        await store.seal();
        expect(contents(leased)).toEqual(before);
        expect(await trace_rows(store, { traceId })).toEqual([]);
        using later = await store.lease();
        expect(later.directories).not.toEqual(leased);
      }
      await poll_until(() => is_gone(leased[0]), { what: "files that nobody needs to be removed" });
    });

    it("refuses both once it is closed", async () => {
      using directory = temp_dir();
      const store = await open(directory.path);
      await store[Symbol.asyncDispose]();
      for (const call of [() => store.hold(), () => store.lease()]) {
        const outcome: unknown = await call().catch((error: unknown) => error);
        expect(outcome).toMatchObject({ name: "StoreError", code: "closed" });
      }
    });
  });
}

/** Each file's bytes, by its path. */
const contents = (directories: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    directories
      .flatMap((directory) => readdirSync(directory).map((name) => join(directory, name)))
      .map((path) => [path, readFileSync(path, "hex")]),
  );

const is_gone = (directory: string): boolean => !readdirSync(join(directory, "..")).includes(basename(directory));
