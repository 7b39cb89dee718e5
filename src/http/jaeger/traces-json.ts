import type { SpanStore } from "../../store/index.ts";
import { jaeger_trace_id, Processes, span_json } from "./trace-json.ts";

/**
 * Traces as one answer of Jaeger's JSON API, a piece at a time. Those that are not there are left out; `is_missed`: they were
 * asked for by their ids, and the answer says so.
 */
export async function* traces_json(
  store: SpanStore,
  trace_ids: readonly string[],
  is_missed: boolean,
): AsyncGenerator<string> {
  const missing: { msg: string; traceID: string }[] = [];
  let separator = '{"data":[';
  for (const trace_id of trace_ids) {
    const processes = new Processes();
    let opening = `${separator}{"traceID":"${jaeger_trace_id(trace_id)}","spans":[`;
    for await (const row of await store.whole_spans(trace_id)) {
      yield opening + span_json(row, processes.id_of(row));
      opening = ",";
    }
    if (opening !== ",") {
      missing.push({ msg: "trace not found", traceID: jaeger_trace_id(trace_id) });
      continue;
    }
    yield `],"processes":${processes.json},"warnings":null}`;
    separator = ",";
  }
  const errors = is_missed && missing.length > 0 ? JSON.stringify(missing) : "null";
  yield `${separator === "," ? "" : separator}],"total":0,"limit":0,"offset":0,"errors":${errors}}`;
}
