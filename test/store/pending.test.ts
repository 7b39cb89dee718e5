import { describe, expect, it } from "bun:test";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PendingSpans } from "../../src/store/duckdb/pending/pending-spans.ts";
import type { StartedSpan } from "../../src/store/duckdb/pending/started-spans.ts";
import { hex, span_init } from "../support/otlp.ts";
import { append_spans, open_test_store, trace_rows } from "../support/store.ts";
import { temp_dir } from "../support/temp-dir.ts";

const ALL = { service_name: null, trace_id: null, limit: 100 };

const started = (span_id: string, json = "{}"): StartedSpan => ({
  trace_id: "t",
  span_id,
  parent_span_id: null,
  service_name: "shop",
  start_us: 1n,
  json,
});

const held_by = (spans: readonly StartedSpan[], bytes_max = 1_000_000) => {
  const given_up: number[] = [];
  const pending = new PendingSpans(spans, bytes_max, (count) => given_up.push(count));
  const ids = () => pending.find(ALL).map(({ span_id }) => span_id);
  return { pending, given_up, ids };
};

describe("spans that have not ended", () => {
  it("are given up, the oldest first, when they take too much", () => {
    const { pending, given_up, ids } = held_by([], 10_000);
    for (const id of ["a", "b", "c", "d"]) pending.put([started(id, "x".repeat(2_000))]);
    expect([ids(), given_up]).toEqual([["b", "c", "d"], [1]]);
    pending.put([started("e", "x".repeat(8_000))]);
    expect([ids(), given_up]).toEqual([["e"], [1, 3]]);
  });

  it("are written if they last until then, and taken away if they were written", () => {
    const { pending } = held_by([started("written")]);
    pending.put([started("short"), started("long")]);
    pending.retain([]);
    expect([...pending.take_changes()]).toEqual([["twritten", null]]);
    pending.put([started("long")]);
    const changes = pending.take_changes();
    expect([...changes.keys()]).toEqual(["tlong"]);
    expect(pending.take_changes().size).toBe(0);
    // It could not be written, and ends: whether it is there or not, it has to go.
    pending.put_back(changes);
    pending.delete_trace("t");
    expect([...pending.take_changes()]).toEqual([["tlong", null]]);
  });

  it("are not there twice when the catalog goes back to before they ended", async () => {
    using directory = temp_dir();
    using earlier = temp_dir();
    const [span, other] = [span_init(), span_init()];
    const database = (path: string) => ["", ".wal"].map((suffix) => join(path, `traces.duckdb${suffix}`));
    {
      await using store = await open_test_store(directory.path);
      await append_spans(
        store,
        [span, other].map((init) => ({ ...init, endTimeUnixNano: 0n })),
      );
      await store.seal();
      cpSync(directory.path, earlier.path, { recursive: true });
      await append_spans(store, [span]);
    }
    for (const path of database(directory.path)) rmSync(path, { force: true });
    for (const [index, path] of database(earlier.path).entries()) cpSync(path, database(directory.path)[index]);
    for (let start = 0; start < 2; start++) {
      await using store = await open_test_store(directory.path);
      expect(await trace_rows(store, span)).toHaveLength(1);
      expect((await store.pending_spans(ALL)).map(({ span_id }) => span_id)).toEqual([hex(other.spanId as Uint8Array)]);
    }
  });
});
