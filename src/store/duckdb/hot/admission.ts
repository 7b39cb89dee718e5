import type { DuckDBConnection } from "@duckdb/node-api";
import { column_indexes, type DecodedBatch, SPAN_COLUMNS } from "../../../decode/index.ts";
import { type KeyHash, hash_span, hash_trace, new_key_hash } from "../keys/key-hash.ts";
import { span_key, trace_id_of } from "../row-cell.ts";
import type { RowSource } from "../row-source.ts";
import type { HotGeneration } from "./generation.ts";

const { trace_id: TRACE_ID, span_id: SPAN_ID, is_llm: IS_LLM } = column_indexes(SPAN_COLUMNS);
const TRACE_DIGITS = 32;

/** A row whose key may be held already, and by whom. */
type Suspect = { row: number; sources: readonly RowSource[] };

const NOWHERE: readonly RowSource[] = [];

/**
 * Lets each span in once, whatever was sealed meanwhile: takes those rows out of a batch whose key is held, or stands
 * further up in it, with their patches. The first one stays.
 *
 * Filters say which rows need a look; the rows themselves decide, so that a hash never costs a span. Whoever is asked must
 * stay what it is until the batch is in `generation`.
 */
export class Admission {
  private readonly trace = new_key_hash();
  private readonly span = new_key_hash();
  /** By the number of a trace in the generation: who else may hold it; undefined: not asked yet. */
  private elsewhere: (readonly RowSource[] | undefined)[] = [];
  private generation: HotGeneration | null = null;
  private others: readonly RowSource[] = NOWHERE;

  /** Gives how many spans were taken out. */
  async admit(
    connection: DuckDBConnection,
    batch: DecodedBatch,
    generation: HotGeneration,
    others: readonly RowSource[],
  ): Promise<number> {
    this.begin(generation, others);
    const suspects = this.suspects(batch, generation);
    const removed_count =
      suspects.length === 0
        ? 0
        : batch.remove_spans(rows_to_remove(batch, suspects, await held_keys(connection, batch, suspects)));
    this.note_llm_spans(batch, generation);
    return removed_count;
  }

  /** What was found out about a trace holds until other sources are there. */
  private begin(generation: HotGeneration, others: readonly RowSource[]): void {
    if (generation === this.generation && others === this.others) return;
    this.elsewhere = [];
    this.generation = generation;
    this.others = others;
  }

  private suspects(batch: DecodedBatch, generation: HotGeneration): Suspect[] {
    const { spans, heap } = batch;
    const { keys } = generation;
    const suspects: Suspect[] = [];
    for (let row = 0; row < spans.row_count; row++) {
      const trace_at = spans.offsets[TRACE_ID][row];
      const trace = hash_trace(heap.bytes, trace_at, this.trace);
      const span = hash_span(heap.bytes, trace_at, spans.offsets[SPAN_ID][row], this.span);
      const sources = this.holders(keys.traces.add(trace), trace);
      if (sources !== NOWHERE && sources.some((source) => source.keys.has_llm_trace(trace))) {
        generation.straddling_llm_traces.add(trace_id_of(batch, row));
      }
      const holders = sources === NOWHERE ? NOWHERE : sources.filter((source) => source.keys.may_hold_span(span));
      const span_count = keys.spans.size;
      const is_here = keys.spans.add(span) < span_count;
      if (is_here) suspects.push({ row, sources: [...holders, generation] });
      else if (holders.length > 0) suspects.push({ row, sources: holders });
    }
    return suspects;
  }

  /** Of the rows that were let in: what is not kept makes no trace one with an LLM span. */
  private note_llm_spans(batch: DecodedBatch, generation: HotGeneration): void {
    const { spans, heap } = batch;
    const { keys } = generation;
    for (let row = 0; row < spans.row_count; row++) {
      if (spans.fixed[IS_LLM][row] === 0) continue;
      const trace = hash_trace(heap.bytes, spans.offsets[TRACE_ID][row], this.trace);
      keys.llm_traces.add(trace);
      if (this.holders(keys.traces.add(trace), trace).length > 0) {
        generation.straddling_llm_traces.add(trace_id_of(batch, row));
      }
    }
  }

  private holders(trace_number: number, trace: KeyHash): readonly RowSource[] {
    const known = this.elsewhere[trace_number];
    if (known !== undefined) return known;
    const holders = this.others.filter((source) => source.keys.may_hold_trace(trace));
    return (this.elsewhere[trace_number] = holders.length === 0 ? NOWHERE : holders);
  }
}

/** Which keys of the suspects' traces are really there. */
async function held_keys(
  connection: DuckDBConnection,
  batch: DecodedBatch,
  suspects: readonly Suspect[],
): Promise<ReadonlySet<string>> {
  const traces_by_source = new Map<RowSource, Set<string>>();
  for (const { row, sources } of suspects) {
    const trace_id = trace_id_of(batch, row);
    for (const source of sources) note_trace(traces_by_source, source, trace_id);
  }
  return keys_of(connection, traces_by_source);
}

/** Those of the spans that are in none of the sources. */
export async function unheld<Span extends { trace_id: string; span_id: string }>(
  connection: DuckDBConnection,
  spans: readonly Span[],
  sources: readonly RowSource[],
): Promise<Span[]> {
  const traces_by_source = new Map<RowSource, Set<string>>();
  const hash = new_key_hash();
  for (const { trace_id, span_id } of spans) {
    hash_span(Buffer.from(trace_id + span_id, "latin1"), 0, TRACE_DIGITS, hash);
    for (const source of sources) if (source.keys.may_hold_span(hash)) note_trace(traces_by_source, source, trace_id);
  }
  const held = await keys_of(connection, traces_by_source);
  return spans.filter(({ trace_id, span_id }) => !held.has(trace_id + span_id));
}

function note_trace(traces_by_source: Map<RowSource, Set<string>>, source: RowSource, trace_id: string): void {
  traces_by_source.set(source, (traces_by_source.get(source) ?? new Set()).add(trace_id));
}

async function keys_of(
  connection: DuckDBConnection,
  traces_by_source: ReadonlyMap<RowSource, ReadonlySet<string>>,
): Promise<ReadonlySet<string>> {
  const held = new Set<string>();
  for (const [source, traces] of traces_by_source) {
    for (const key of await source.span_keys(connection, traces)) held.add(key);
  }
  return held;
}

function rows_to_remove(batch: DecodedBatch, suspects: readonly Suspect[], held: ReadonlySet<string>): Set<number> {
  const remove = new Set<number>();
  // Only a suspect can be the second of its batch, but the first one need not be a suspect.
  const first_rows = new Map<string, number>();
  for (let row = 0; row < batch.spans.row_count; row++) {
    const key = span_key(batch, row);
    if (!first_rows.has(key)) first_rows.set(key, row);
  }
  for (const { row } of suspects) {
    const key = span_key(batch, row);
    if (held.has(key) || first_rows.get(key) !== row) remove.add(row);
  }
  return remove;
}
