import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import type { AttributeField, SpanFilter } from "../../../filter/index.ts";
import type { RootFigures, ServiceActivity, SpanCounts, StatePatch, TimeParts } from "../../types.ts";
import { hash_trace_id } from "../keys/key-hash.ts";
import type { ReaderPool } from "../reader-pool.ts";
import { sql_text } from "../row-source.ts";
import { patches_sql } from "../segments/patches-sql.ts";
import type { View, Views } from "../views.ts";
import { stored_of } from "./service-figures.ts";
import { ask } from "./ask.ts";
import { json_pointer } from "./filter-sql.ts";
import { filtered_rows, ROOTS, with_filter } from "./filtered-rows.ts";
import { range_conditions } from "./list-sql.ts";
import { in_range, type Part, rows_sql } from "./rows-sql.ts";

/** Of the newest spans, so many are looked at for what attributes there are. */
const SAMPLED_ROWS = 20_000;
const NO_ROOTS: RootFigures = { roots: 0, errors: 0, p50_duration_ns: null, p95_duration_ns: null };

/** What spans come to: figures, counts and what attributes there are, by SQL. */
export class Activity {
  constructor(
    private readonly readers: ReaderPool,
    private readonly views: Views,
  ) {}

  count_spans(filter: SpanFilter | null, parts: TimeParts): Promise<SpanCounts> {
    return this.ask(async (connection, view) => {
      const counts = Array.from({ length: parts.part_count }, () => ({ spans: 0, errors: 0 }));
      const rows = filtered_rows(filter ?? ROOTS, parts, in_range(view, parts));
      if (rows === null) return counts;
      const sql = `SELECT ${part_sql(parts)} AS part, count(*), count(*) FILTER (status_code = '2') FROM (${rows}) GROUP BY part`;
      const found = await with_filter(() => connection.runAndReadAll(sql));
      for (const [part, spans, errors] of found.getRows()) {
        counts[Number(part)] = { spans: Number(spans), errors: Number(errors) };
      }
      return counts;
    });
  }

  services(parts: TimeParts): Promise<ServiceActivity[]> {
    return this.ask(async (connection, view) => {
      const roots = roots_sql(in_range(view, parts), parts);
      // There is always a generation of the hot tier, if without rows.
      if (roots === null) return [];
      const found = await connection.runAndReadAll(
        `SELECT service_name, part, count(*), count(*) FILTER (status_code = '2'),
           quantile_cont(duration_ns, [0.5, 0.95])
         FROM (SELECT service_name, status_code, ${part_sql(parts)} AS part,
             (epoch_us(end_time) - epoch_us(start_time)) * 1000::DOUBLE + end_time_nanosecond - start_time_nanosecond AS duration_ns
           FROM (${roots}))
         GROUP BY GROUPING SETS ((service_name), (service_name, part))`,
      );
      const by_service = Map.groupBy(found.getRows(), ([service_name]) => String(service_name));
      return view.service_names.map((service_name) => {
        const rows = by_service.get(service_name) ?? [];
        const figures = new Map(rows.map((row) => [row[1] === null ? null : Number(row[1]), root_figures(row)]));
        return {
          service_name,
          ...stored_of(view, service_name),
          total: figures.get(null) ?? NO_ROOTS,
          parts: Array.from({ length: parts.part_count }, (_, part) => figures.get(part) ?? NO_ROOTS),
        };
      });
    });
  }

  attribute_keys(level: "span" | "resource", limit: number): Promise<string[]> {
    const column = level === "span" ? "attributes_json" : "resource_attributes_json";
    return this.ask((connection, view) =>
      first_column(
        connection,
        `SELECT key FROM (SELECT unnest(json_keys(${column})) AS key FROM (${newest_sql(view, column)}))
         GROUP BY key ORDER BY count(*) DESC, key LIMIT ${limit}`,
      ),
    );
  }

  attribute_values({ level, key }: AttributeField, prefix: string, limit: number): Promise<string[]> {
    const pointer = sql_text(json_pointer(key));
    const values = (column: string) => `json_extract_string(${column}, ${pointer})`;
    const value = {
      span: values("attributes_json"),
      resource: values("resource_attributes_json"),
      any: `coalesce(${values("attributes_json")}, ${values("resource_attributes_json")})`,
    }[level];
    return this.ask((connection, view) =>
      first_column(
        connection,
        `SELECT value FROM (SELECT ${value} AS value FROM (${newest_sql(view, "attributes_json, resource_attributes_json")}))
         WHERE starts_with(value, ${sql_text(prefix)}) GROUP BY value ORDER BY count(*) DESC, value LIMIT ${limit}`,
      ),
    );
  }

  state_patches(trace_id: string): Promise<StatePatch[]> {
    return this.ask(async (connection, { generations, segments }) => {
      const trace = hash_trace_id(trace_id);
      const where = `WHERE trace_id = ${sql_text(trace_id)}`;
      const selects = generations
        .filter(({ keys }) => keys.may_hold_trace(trace))
        .map(({ tables }) => `SELECT ${PATCH_COLUMNS} FROM ${tables.patches} ${where}`);
      const holders = segments.filter(({ keys }) => keys.may_hold_trace(trace));
      if (holders.length > 0) {
        selects.push(`SELECT ${PATCH_COLUMNS} FROM (${patches_sql(holders)}) ${where}`);
      }
      if (selects.length === 0) return [];
      const found = await connection.runAndReadAll(
        `FROM (${selects.join(" UNION ALL ")}) ORDER BY event_time_us, span_id, split_part(patch_id, ':', 3)::INTEGER`,
      );
      return found.getRowObjects() as unknown as StatePatch[];
    });
  }

  private ask<Result>(work: (connection: DuckDBConnection, view: View) => Promise<Result>): Promise<Result> {
    return ask(this.readers, this.views, work);
  }
}

const PATCH_COLUMNS =
  "patch_id, service_name, trace_id, span_id, workflow_id, node_id, epoch_us(event_time) AS event_time_us, " +
  "patch_json::VARCHAR AS patch_json, patch_store_id";

/** Which part of the range a row's start is in, whose ends are both in it. */
function part_sql({ since_us, until_us, part_count }: TimeParts): string {
  const part_us = (until_us - since_us) / BigInt(part_count) + 1n;
  return `(epoch_us(start_time) - ${since_us}) // ${part_us}`;
}

function roots_sql(part: Part, { since_us, until_us }: TimeParts): string | null {
  const columns = "service_name, status_code, start_time, end_time, start_time_nanosecond, end_time_nanosecond";
  const is_root = `parent_span_id IS NULL${range_conditions({ limit: null, offset: 0, since_us, until_us })}`;
  return rows_sql(part, columns, { hot: is_root, cold: `is_listed AND ${is_root}` });
}

/** These columns of some of the newest rows. */
function newest_sql({ generations, segments }: View, columns: string): string {
  const selects = generations.map(({ tables }) => `(SELECT ${columns} FROM ${tables.spans} LIMIT ${SAMPLED_ROWS})`);
  const newest = segments.toSorted((a, b) => (a.max_start_us > b.max_start_us ? -1 : 1)).slice(0, 2);
  for (const { spans_table, manifest } of newest) {
    // Roots stand first, the others behind them: some of both.
    const half = Math.max(0, Math.floor(manifest.span_count / 2) - SAMPLED_ROWS / 4);
    selects.push(`(SELECT ${columns} FROM ${spans_table} LIMIT ${SAMPLED_ROWS / 2})`);
    if (half > SAMPLED_ROWS / 2)
      selects.push(`(SELECT ${columns} FROM ${spans_table} LIMIT ${SAMPLED_ROWS / 2} OFFSET ${half})`);
  }
  return selects.join("\nUNION ALL ");
}

function root_figures([, , roots, errors, quantiles]: DuckDBValue[]): RootFigures {
  const [p50, p95] = (quantiles as { items: number[] } | null)?.items ?? [null, null];
  return { roots: Number(roots), errors: Number(errors), p50_duration_ns: p50, p95_duration_ns: p95 };
}

async function first_column(connection: DuckDBConnection, sql: string): Promise<string[]> {
  return (await connection.runAndReadAll(sql)).getRows().map(([value]) => String(value));
}
