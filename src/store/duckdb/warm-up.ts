import type { SpanPage } from "../types.ts";
import type { Queries } from "./queries/queries.ts";
import type { Segment } from "./segments/segment.ts";
import type { SegmentReaders } from "./segments/segment-readers.ts";
import type { Views } from "./views.ts";

type Warmed = { views: Views; queries: Queries; segment_readers: SegmentReaders };

const LIST_ROWS = 20;
/** After so many the code is compiled. */
const TRACES_WANTED = 24;
/** The next trace of a segment lies in another row group. */
const ROWS_APART = 20_000;

/**
 * Opens the segments, newest first, and asks for a trace, a span and a list of each, once or more, until all is done or
 * time is up: who asks first would else wait for footers to be read and code to be compiled, some ten times as long as
 * for the answer.
 */
export async function warm_up({ views, queries, segment_readers }: Warmed, ms_max: number): Promise<void> {
  using held = views.hold();
  const deadline_ms = performance.now() + ms_max;
  const newest_first = held.view.segments.toSorted((a, b) => (a.max_start_us > b.max_start_us ? -1 : 1));
  const rounds = Math.ceil(TRACES_WANTED / Math.max(1, newest_first.length));
  for (let round = 0; round < rounds; round++) {
    for (const segment of newest_first) {
      if (performance.now() >= deadline_ms) return;
      const row = segment.manifest.span_count - 1 - round * ROWS_APART;
      if (row < 0) continue;
      const key = await segment_readers.use(segment, (reader) => reader.key_of(row));
      await read(await queries.trace_spans(key.trace_id, { limit: null, offset: 0 }));
      await queries.span(key.trace_id, key.span_id);
      for (const service_name of first_service(segment)) {
        await read(await queries.list("roots", service_name, { limit: LIST_ROWS, offset: 0 }));
      }
    }
  }
}

const first_service = ({ services }: Segment): string[] => [...services.keys()].slice(0, 1);

async function read({ rows }: SpanPage): Promise<void> {
  for await (const row of rows) void row;
}
