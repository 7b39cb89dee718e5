import { join } from "node:path";
import { DecodedBatch } from "../../src/decode/index.ts";
import {
  type AppendResult,
  type FileBackedStore,
  open_store,
  type SpanPage,
  type SpanStore,
  type StoreOptions,
} from "../../src/store/index.ts";
import { hex, request_bytes, type SpanInit } from "./otlp.ts";

/** Every row of a list. */
export const ALL = { limit: null, offset: 0 };

export const STORE_OPTIONS = { memory_bytes: 256 * 1024 * 1024, threads: 2 };

/** A store on a file of its own in `directory`. */
export const open_test_store = (directory: string, options: Partial<StoreOptions> = {}): Promise<FileBackedStore> =>
  open_store({ path: join(directory, "traces.duckdb"), ...STORE_OPTIONS, ...options });

let last_key = 0;

/** A key above every one that an earlier call gave. */
export function next_key(): Uint8Array {
  const key = new Uint8Array(16);
  new DataView(key.buffer).setUint32(0, ++last_key);
  return key;
}

/** Stores the requests as one batch of the source "test". */
export async function append_requests(store: SpanStore, ...bodies: Uint8Array[]): Promise<AppendResult> {
  const batch = new DecodedBatch();
  for (const body of bodies) batch.decode_request(body);
  return store.append(batch, [], { source: "test", last_key: next_key() });
}

export const append_spans = (
  store: SpanStore,
  spans: readonly SpanInit[],
  service_name?: string,
): Promise<AppendResult> => append_requests(store, request_bytes(spans, service_name));

/** A row as the API gives it. */
export type Row = Record<string, unknown> & { trace_id: string; span_id: string };

export async function page_rows(page: SpanPage | Promise<SpanPage>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of (await page).rows) rows.push(JSON.parse(row) as Row);
  return rows;
}

/** The rows of a span's trace. */
export const trace_rows = (store: SpanStore, { traceId }: Pick<SpanInit, "traceId">): Promise<Row[]> =>
  page_rows(store.trace_spans(hex(traceId as Uint8Array), ALL));
