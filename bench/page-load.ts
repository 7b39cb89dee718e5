import { send_demo as send } from "../src/demo/index.ts";
import { poll_until } from "../test/support/poll-until.ts";
import { Random } from "./random.ts";

const SPAN_COUNT = 10_000;
const MS_NANO = 1_000_000n;
const RUN_FILTER = "workflow and status != error";

/** Sends a trace of 10,000 spans, nested at random; gives its id. */
export async function send_large_trace(otlp_http_port: number): Promise<string> {
  const random = new Random();
  const start = BigInt(Date.now()) * MS_NANO - 120_000n * MS_NANO;
  const trace_id = "5eed".repeat(8);
  const id = (number: number) => (number + 1).toString(16).padStart(16, "0");
  const spans = Array.from({ length: SPAN_COUNT }, (_, number) => {
    const begun = start + BigInt(number) * 5n * MS_NANO;
    const parent = number === 0 ? {} : { parentSpanId: id(Math.max(0, number - 1 - random.below(30))) };
    return {
      traceId: trace_id,
      spanId: id(number),
      ...parent,
      name: `step ${number}`,
      kind: 1,
      startTimeUnixNano: String(begun),
      endTimeUnixNano: String(begun + BigInt(1 + random.below(2_000)) * MS_NANO),
      attributes: [{ key: "text", value: { stringValue: "some text that says what was done ".repeat(4) } }],
    };
  });
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "large" } }] };
  const response = await fetch(`http://127.0.0.1:${otlp_http_port}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }),
  });
  if (!response.ok) throw new Error(`the trace was refused: ${response.status} ${await response.text()}`);
  return trace_id;
}

/** Sends the demo's traces; gives the path of the page of one run of a workflow, once all is stored. */
export async function send_demo(url: string, otlp_http_port: number): Promise<string> {
  await send(`http://127.0.0.1:${otlp_http_port}`, null);
  const a_run = async () => {
    const response = await fetch(`${url}/otel/traces?filter=${encodeURIComponent(RUN_FILTER)}`);
    const { traces } = (await response.json()) as { traces: { trace_id: string; matched_span_id: string }[] };
    return traces.at(0);
  };
  const { trace_id, matched_span_id } = await poll_until(a_run, { what: "a run that is stored" });
  return `/runs/${trace_id}/${matched_span_id}`;
}
