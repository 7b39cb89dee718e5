import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { join } from "node:path";
import { DecodedBatch } from "../../src/decode/index.ts";
import { connect, open_database } from "../../src/store/duckdb/database.ts";
import { batch_insert_spans, batch_insert_state_patches } from "../../src/store/duckdb/repository.ts";
import stage_sql from "../../src/store/duckdb/sql/stage.sql" with { type: "text" };
import { hex, request_bytes, type SpanInit, span_init, text_attributes } from "../support/otlp.ts";
import { STORE_OPTIONS } from "../support/store.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

let directory: TempDir;
let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeAll(async () => {
  directory = temp_dir();
  instance = await open_database({ path: join(directory.path, "traces.duckdb"), ...STORE_OPTIONS });
  connection = await connect(instance);
  await connection.run(stage_sql);
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
  directory[Symbol.dispose]();
});

const with_patch = (): SpanInit =>
  span_init({ events: [{ name: "set_state", attributes: text_attributes({ "junjo.state_json_patch": "[]" }) }] });
const decoded = (...spans: SpanInit[]): DecodedBatch => {
  const batch = new DecodedBatch();
  batch.decode_request(request_bytes(spans));
  return batch;
};
const count = async (table: string): Promise<number> =>
  Number((await connection.runAndReadAll(`SELECT count(*) FROM ${table}`)).getRows()[0]?.[0]);

describe("batch_insert_state_patches", () => {
  it("refuses a patch whose span is missing with an error that names it, and keeps the rest of its batch", async () => {
    const [stored, missing, also_stored] = [with_patch(), with_patch(), with_patch()];
    const spans = decoded(stored, also_stored);
    await batch_insert_spans(connection, spans.spans, spans.heap);
    // The spans of an earlier batch are not staged any more.
    const other = decoded(span_init());
    await batch_insert_spans(connection, other.spans, other.heap);

    const patches = decoded(stored, missing, also_stored);
    const { inserted, refused } = await batch_insert_state_patches(connection, patches.patches, patches.heap);
    expect(inserted).toBe(2);
    expect(refused.map(({ code }) => code)).toEqual(["missing_span"]);
    const [trace_id, span_id] = [hex(missing.traceId as Uint8Array), hex(missing.spanId as Uint8Array)];
    expect(refused[0]?.message).toBe(
      `state patch ${trace_id}:${span_id}:0: there is no span ${span_id} in trace ${trace_id}`,
    );
  });

  it("ignores a patch that is there already", async () => {
    const batch = decoded(with_patch());
    await batch_insert_spans(connection, batch.spans, batch.heap);
    const insert = () => batch_insert_state_patches(connection, batch.patches, batch.heap);
    expect([(await insert()).inserted, (await insert()).inserted]).toEqual([1, 0]);
  });
});

describe("the tables", () => {
  it("enforce the foreign key also against other writers", async () => {
    const insert = connection.run(
      "INSERT INTO state_patches VALUES ('p', 's', 'no such trace', 'no such span', 'w', 'n', now(), '[]', 'st')",
    );
    expect(insert).rejects.toThrow(/foreign key/i);
    await insert.catch(() => undefined);
  });

  it("have the ten indexes and both keys", async () => {
    const indexes = await connection.runAndReadAll(
      "SELECT table_name, expressions FROM duckdb_indexes() ORDER BY table_name, expressions",
    );
    expect(indexes.getRows().map(([table, columns]) => `${table} ${columns}`)).toEqual([
      "spans [end_time]",
      "spans [junjo_id]",
      "spans [junjo_span_type]",
      "spans [parent_span_id]",
      "spans [start_time]",
      "spans [trace_id]",
      "state_patches [event_time]",
      "state_patches [node_id]",
      "state_patches [trace_id, span_id]",
      "state_patches [workflow_id]",
    ]);
    const keys = await connection.runAndReadAll(
      `SELECT table_name, constraint_type, constraint_column_names::VARCHAR FROM duckdb_constraints()
       WHERE table_name IN ('spans', 'state_patches') AND constraint_type IN ('PRIMARY KEY', 'FOREIGN KEY')
         AND len(constraint_column_names) > 0 ORDER BY ALL`,
    );
    expect(keys.getRows().map((row) => row.join(" "))).toEqual([
      "spans PRIMARY KEY [trace_id, span_id]",
      "state_patches FOREIGN KEY [trace_id, span_id]",
      "state_patches PRIMARY KEY [patch_id]",
    ]);
  });

  it("keep nothing of a transaction that is rolled back", async () => {
    const before = await count("spans");
    const batch = decoded(with_patch(), with_patch());
    await connection.run("BEGIN");
    await batch_insert_spans(connection, batch.spans, batch.heap);
    await batch_insert_state_patches(connection, batch.patches, batch.heap);
    await connection.run("ROLLBACK");
    expect(await count("spans")).toBe(before);
  });
});
