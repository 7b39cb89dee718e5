import { column_indexes, SPAN_COLUMNS } from "../../../decode/index.ts";
import type { ServiceFigures } from "./manifest.ts";
import type { RowKeys, RowMarks } from "./row-order.ts";
import type { WrittenRows } from "./written-rows.ts";

const { parent_span_id, service_name, start_time } = column_indexes(SPAN_COLUMNS);

type Figures = Pick<WrittenRows, "services" | "min_start_us" | "max_start_us">;
type Counts = Pick<ServiceFigures, "span_count" | "root_count" | "llm_root_count" | "workflow_count">;
type Range = { min: bigint; max: bigint };

/** As sql/service-figures.sql counts them. There is at least one row. */
export function figures_of({ spans, text }: RowKeys, row_count: number, marks: RowMarks): Figures {
  const services = new Map<string, Service>();
  const starts = spans.fixed[start_time] as BigInt64Array;
  const all: Range = { min: starts[0], max: starts[0] };
  let [at, length, service] = [-1, -1, new Service()];
  for (let row = 0; row < row_count; row++) {
    // Spans of one resource share the text.
    if (spans.offsets[service_name][row] !== at || spans.lengths[service_name][row] !== length) {
      at = spans.offsets[service_name][row];
      length = spans.lengths[service_name][row];
      const name = Buffer.from(text.buffer, text.byteOffset + at, length).toString();
      service = services.get(name) ?? new Service();
      services.set(name, service);
    }
    service.count(spans.lengths[parent_span_id][row] < 0, marks, row, starts[row]);
    widen(all, starts[row]);
  }
  return {
    services: Array.from(services, ([name, { figures }]) => ({ service_name: name, ...figures })),
    min_start_us: String(all.min),
    max_start_us: String(all.max),
  };
}

class Service {
  private readonly counts: Counts = { span_count: 0, root_count: 0, llm_root_count: 0, workflow_count: 0 };
  private listed: Range | null = null;

  count(is_root: boolean, { is_listed, is_workflow, trace_has_llm }: RowMarks, row: number, start_us: bigint): void {
    const { counts } = this;
    counts.span_count++;
    if (is_listed[row] === 0) return;
    if (is_root) counts.root_count++;
    if (is_root && trace_has_llm[row] === 1) counts.llm_root_count++;
    if (is_workflow[row] === 1) counts.workflow_count++;
    this.listed ??= { min: start_us, max: start_us };
    widen(this.listed, start_us);
  }

  get figures(): Omit<ServiceFigures, "service_name"> {
    const { counts, listed } = this;
    return {
      ...counts,
      min_listed_us: listed === null ? null : String(listed.min),
      max_listed_us: listed === null ? null : String(listed.max),
    };
  }
}

function widen(range: Range, us: bigint): void {
  if (us < range.min) range.min = us;
  if (us > range.max) range.max = us;
}
