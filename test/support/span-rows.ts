import {
  type Column,
  type ColumnBatch,
  DecodedBatch,
  PATCH_COLUMNS,
  ALL_SPAN_COLUMNS,
  SPAN_COLUMNS,
} from "../../src/decode/index.ts";
import { type PatchFacts, RequestWriter, type SpanRow } from "../../src/encode/index.ts";

/** Rows with their text as it is, JSON too. */
export type RawRow = Record<string, string | number | bigint | boolean | null>;

export function decoded(...bodies: Uint8Array[]): DecodedBatch {
  const batch = new DecodedBatch();
  for (const body of bodies) batch.decode_request(body);
  return batch;
}

export const raw_spans = (batch: DecodedBatch): RawRow[] =>
  raw_rows(batch, batch.spans, SPAN_COLUMNS).sort((a, b) => compare(key_of(a), key_of(b)));
export const raw_patches = (batch: DecodedBatch): RawRow[] =>
  raw_rows(batch, batch.patches, PATCH_COLUMNS).sort((a, b) => compare(String(a.patch_id), String(b.patch_id)));

/** The OTLP JSON of a batch's rows. */
export function exported(batch: DecodedBatch): string {
  const patches = Map.groupBy(raw_patches(batch), key_of);
  const writer = new RequestWriter();
  for (const row of raw_rows(batch, batch.spans, ALL_SPAN_COLUMNS).sort((a, b) => compare(key_of(a), key_of(b)))) {
    writer.add(row as SpanRow, facts_of(row, patches.get(key_of(row)) ?? []));
  }
  return writer.take();
}

const key_of = ({ trace_id, span_id }: RawRow): string => `${String(trace_id)} ${String(span_id)}`;
const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

function facts_of({ sent_workflow_id, sent_node_id, derived_patch_count }: RawRow, patches: RawRow[]): PatchFacts {
  return {
    workflow_id: sent_workflow_id as string | null,
    node_id: sent_node_id as string | null,
    patches: (derived_patch_count === 0 ? patches : []).map(({ patch_id, patch_store_id, patch_json }) => ({
      index: Number(String(patch_id).split(":")[2]),
      store_id: String(patch_store_id),
      is_string: String(patch_json).startsWith('"'),
    })),
  };
}

const raw_rows = (batch: DecodedBatch, table: ColumnBatch, columns: readonly Column[]): RawRow[] =>
  Array.from({ length: table.row_count }, (_, row) =>
    Object.fromEntries(columns.map(({ name, kind }, column) => [name, cell(batch, table, column, row, kind)])),
  );

function cell({ heap }: DecodedBatch, table: ColumnBatch, column: number, row: number, kind: string): RawRow[string] {
  if (kind === "boolean") return table.fixed[column][row] === 1;
  if (kind !== "text" && kind !== "json") return table.fixed[column][row];
  if (table.is_null(column, row)) return null;
  const start = table.offsets[column][row];
  return Buffer.from(heap.bytes.subarray(start, start + table.lengths[column][row])).toString();
}
