import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { poll_until } from "../support/poll-until.ts";
import { number_of, type NumberedLoad } from "./numbered-load.ts";
import { numbers_in, queue_entries } from "./queued.ts";
import type { ServerUnderTest } from "./server.ts";

const DRAIN_MS_MAX = 30_000;
const PAGE_ROWS = 10_000;

export type Comparison = { stored: number; missing: number; duplicated: number; never_sent: number };

export function compare(stored: readonly number[], wanted: Iterable<number>, sent: ReadonlySet<number>): Comparison {
  const distinct = new Set(stored);
  return {
    stored: distinct.size,
    missing: [...wanted].filter((number) => !distinct.has(number)).length,
    duplicated: stored.length - distinct.size,
    never_sent: [...distinct].filter((number) => !sent.has(number)).length,
  };
}

/** The numbers of a service's spans as the API gives them, once all that are wanted are there or time is up. */
export async function drained(
  server: ServerUnderTest,
  service: string,
  wanted: readonly number[],
): Promise<readonly number[]> {
  let numbers: number[] = [];
  const is_complete = async () => {
    numbers = await numbers_of_service(server, service);
    const there = new Set(numbers);
    return wanted.every((number) => there.has(number));
  };
  await poll_until(is_complete, { what: "all that was acknowledged", deadline_ms: DRAIN_MS_MAX }).catch(
    () => undefined,
  );
  return numbers;
}

async function numbers_of_service(server: ServerUnderTest, service: string): Promise<number[]> {
  const numbers: number[] = [];
  for (;;) {
    const path = `/otel/service/${service}/root_spans?limit=${PAGE_ROWS}&offset=${numbers.length}`;
    const response = await server.running.get(path);
    if (!response.ok) return numbers;
    const rows = (await response.json()) as { name: string }[];
    numbers.push(...rows.map(({ name }) => number_of(name)));
    if (rows.length < PAGE_ROWS) return numbers;
  }
}

export type FinalComparison = Comparison & {
  missing_numbers: number[];
  /** Of those that are missing: how many the queue has, so that the next start stores them. */
  queued: number;
  duplicated_patches: number;
  /** Patches that don't say what their span's event said, or have no span; and spans without their patch. */
  wrong_patches: number;
  dead_letters: number;
  /** Of the spans that have started: all have ended, but those whose end was destroyed. */
  pending: number;
};

/** Looks into the DuckDB file itself, after a clean stop. */
export async function compare_all(
  data_dir: string,
  { acked, sent }: Pick<NumberedLoad, "acked" | "sent">,
  forgiven: ReadonlySet<number>,
): Promise<FinalComparison> {
  const instance = await DuckDBInstance.create(join(data_dir, "duckdb", "traces.duckdb"));
  const connection = await instance.connect();
  const column = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJS().map(([value]) => value);
  const spans = (await column("SELECT name FROM spans")).map((name) => number_of(String(name)));
  const patches = (await column("SELECT CAST(patch_json ->> '$[0].value' AS INTEGER) FROM state_patches")).map(Number);
  const [wrong_patches] = await column(`
    SELECT count(*)
    FROM spans FULL JOIN state_patches USING (trace_id, span_id)
    WHERE name IS DISTINCT FROM 'span ' || (patch_json ->> '$[0].value')`);
  const [dead_letters] = await column("SELECT count(*) FROM dead_letters");
  const pending = (await column("SELECT span ->> 'name' FROM pending_spans")).map((name) => number_of(String(name)));
  connection.closeSync();
  instance.closeSync();
  const wanted = acked.difference(forgiven);
  const missing_numbers = [...wanted.difference(new Set(spans))];
  const queued = new Set(queue_entries(data_dir).flatMap(({ body }) => numbers_in(body)));
  return {
    ...compare(spans, wanted, sent),
    missing_numbers,
    queued: missing_numbers.filter((number) => queued.has(number)).length,
    duplicated_patches: patches.length - new Set(patches).size,
    wrong_patches: Number(wrong_patches),
    dead_letters: Number(dead_letters),
    pending: pending.filter((number) => !forgiven.has(number)).length,
  };
}
