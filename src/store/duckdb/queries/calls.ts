import { LIMITS } from "../../../config/index.ts";
import type { Dependency, Operation } from "../../types.ts";
import type { ReaderPool } from "../reader-pool.ts";
import { sql_text } from "../row-source.ts";
import type { Segment } from "../segments/segment.ts";
import type { Views } from "../views.ts";
import { ask } from "./ask.ts";
import { range_conditions } from "./list-sql.ts";
import { in_range, rows_sql, type TierConditions } from "./rows-sql.ts";

/** Which services call which, and by what names. */
export class Calls {
  constructor(
    private readonly readers: ReaderPool,
    private readonly views: Views,
  ) {}

  operations(service_name: string, limit: number): Promise<Operation[]> {
    return ask(this.readers, this.views, async (connection, { generations, segments }) => {
      const of_service = segments.filter(({ services }) => services.has(service_name));
      const part = { generations, segments: newest(of_service, LIMITS.OPERATIONS_SPANS_MAX) };
      const rows = rows_sql(part, "name, kind", both(`service_name = ${sql_text(service_name)}`));
      if (rows === null) return [];
      const found = await connection.runAndReadAll(
        `SELECT DISTINCT name, kind FROM (${rows}) ORDER BY name, kind LIMIT ${limit}`,
      );
      return found.getRows().map(([name, kind]) => ({ name: String(name), kind: String(kind) }));
    });
  }

  dependencies({ since_us, until_us }: { since_us: bigint; until_us: bigint }): Promise<Dependency[]> {
    return ask(this.readers, this.views, async (connection, view) => {
      const { segments } = in_range(view, { since_us, until_us });
      const part = { generations: view.generations, segments: newest(segments, LIMITS.DEPENDENCIES_SPANS_MAX) };
      const range = range_conditions({ limit: null, offset: 0, since_us, until_us });
      const rows = rows_sql(part, "trace_id, span_id, parent_span_id, service_name", both(`true${range}`));
      if (rows === null) return [];
      // By hashes of the ids: the ids themselves are six times as long, and two of the same hash one in billions.
      const found = await connection.runAndReadAll(
        `WITH spans AS MATERIALIZED (
           SELECT hash(trace_id, span_id) AS id, service_name,
             CASE WHEN parent_span_id IS NOT NULL THEN hash(trace_id, parent_span_id) END AS parent_id
           FROM (${rows}))
         SELECT parent.service_name, child.service_name, count(*)
         FROM spans AS child JOIN spans AS parent ON child.parent_id = parent.id
         WHERE parent.service_name <> child.service_name GROUP BY ALL ORDER BY ALL`,
      );
      return found
        .getRows()
        .map(([parent, child, count]) => ({ parent: String(parent), child: String(child), call_count: Number(count) }));
    });
  }
}

const both = (condition: string): TierConditions => ({ hot: condition, cold: condition });

/** The newest of the segments, at least one, as many as have so many spans. */
function newest(segments: readonly Segment[], spans_max: number): Segment[] {
  const sorted = segments.toSorted((a, b) => (a.max_start_us > b.max_start_us ? -1 : 1));
  let spans = 0;
  return sorted.filter(({ manifest }, place) => (spans += manifest.span_count) <= spans_max || place === 0);
}
