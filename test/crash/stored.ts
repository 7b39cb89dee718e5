import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { poll_until } from "../support/poll-until.ts";
import { run_sql } from "../support/sql.ts";
import { number_of, type NumberedLoad } from "./numbered-load.ts";
import { numbers_in, queue_entries } from "./queued.ts";
import { OLD_SERVICE, type Removals, RETENTION_DAYS } from "./removals.ts";
import type { ServerUnderTest } from "./server.ts";

const DRAIN_MS_MAX = 30_000;
const PAGE_ROWS = 10_000;
const RETIRED_MS_MAX = 30_000;
const IS_NUMBERED = `service_name <> '${OLD_SERVICE}'`;

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
  /** Spans that are found though their trace was deleted. */
  undead: number;
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
  { deleted, undecided }: Pick<Removals, "deleted" | "undecided">,
  forgiven: ReadonlySet<number>,
): Promise<FinalComparison> {
  const instance = await DuckDBInstance.create(join(data_dir, "duckdb", "traces.duckdb"));
  const connection = await instance.connect();
  const column = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJS().map(([value]) => value);
  const spans = (await column(`SELECT name FROM spans WHERE ${IS_NUMBERED}`)).map((name) => number_of(String(name)));
  const patches = (await column("SELECT CAST(patch_json ->> '$[0].value' AS INTEGER) FROM state_patches")).map(Number);
  const [wrong_patches] = await column(`
    SELECT count(*)
    FROM (FROM spans WHERE ${IS_NUMBERED}) FULL JOIN state_patches USING (trace_id, span_id)
    WHERE name IS DISTINCT FROM 'span ' || (patch_json ->> '$[0].value')`);
  const [dead_letters] = await column("SELECT count(*) FROM dead_letters");
  const pending = (await column("SELECT span ->> 'name' FROM pending_spans")).map((name) => number_of(String(name)));
  connection.closeSync();
  instance.closeSync();
  const wanted = acked.difference(forgiven).difference(deleted).difference(undecided);
  const missing_numbers = [...wanted.difference(new Set(spans))];
  const queued = new Set(queue_entries(data_dir).flatMap(({ body }) => numbers_in(body)));
  return {
    ...compare(spans, wanted, sent),
    missing_numbers,
    undead: spans.filter((number) => deleted.has(number)).length,
    queued: missing_numbers.filter((number) => queued.has(number)).length,
    duplicated_patches: patches.length - new Set(patches).size,
    wrong_patches: Number(wrong_patches),
    dead_letters: Number(dead_letters),
    pending: pending.filter((number) => !forgiven.has(number)).length,
  };
}

/**
 * Resolves when no segment is left whose spans are all too old, to how many old spans are: in segments with younger ones.
 * Reads the files of a server that runs.
 */
export async function retired(data_dir: string): Promise<number> {
  const segments = join(data_dir, "duckdb", "segments", "*", "spans.parquet");
  const sql = `
    SELECT max(start_time) < now() - INTERVAL ${RETENTION_DAYS} DAYS, count(*) FILTER (service_name = '${OLD_SERVICE}')
    FROM read_parquet('${segments}', filename = true) GROUP BY filename`;
  const old_spans = async () => {
    // A file may go while it is looked at.
    const found = await run_sql(sql).catch(() => null);
    if (found === null || found.some(([is_old]) => is_old !== false)) return undefined;
    return { left: found.reduce((sum, [, count]) => sum + Number(count), 0) };
  };
  return (await poll_until(old_spans, { what: "what is too old to be removed", deadline_ms: RETIRED_MS_MAX })).left;
}
