import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { ExportTraceServiceRequestSchema } from "../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import type { KeyValueSchema } from "../src/gen/opentelemetry/proto/common/v1/common_pb.ts";
import { type SpanSchema, Span_SpanKind } from "../src/gen/opentelemetry/proto/trace/v1/trace_pb.ts";
import type { Random } from "./random.ts";

type SpanInit = MessageInitShape<typeof SpanSchema>;
type Attribute = MessageInitShape<typeof KeyValueSchema>;
type Value = string | number | boolean | string[];

const SERVICES = ["checkout", "search", "agent-planner", "rag-worker", "billing", "gateway", "support-bot", "ingest"];
const WORKFLOWS = ["plan_and_execute", "rag_answer", "triage_ticket", "summarize"];
const ENDPOINTS = ["POST /checkout", "GET /cart", "GET /search", "POST /chat"];
const CALLS = ["SELECT orders", "SELECT users", "GET cache", "publish event", "POST /v1/embeddings"];
const MODELS = ["gpt-6", "claude-5", "gemini-4"];
const NODES = ["fetch_context", "rank", "call_model", "validate", "store"];
const { INTERNAL, SERVER, CLIENT } = Span_SpanKind;

function attribute([key, value]: [string, Value]): Attribute {
  if (typeof value === "string") return { key, value: { value: { case: "stringValue", value } } };
  if (typeof value === "boolean") return { key, value: { value: { case: "boolValue", value } } };
  if (Array.isArray(value)) {
    const values = value.map((text) => ({ value: { case: "stringValue", value: text } }) as const);
    return { key, value: { value: { case: "arrayValue", value: { values } } } };
  }
  if (Number.isInteger(value)) return { key, value: { value: { case: "intValue", value: BigInt(value) } } };
  return { key, value: { value: { case: "doubleValue", value } } };
}
const attributes = (values: Record<string, Value>): Attribute[] => Object.entries(values).map(attribute);

/** Makes requests like those of a shop that runs AI workflows: about 900 wire bytes a span. */
export class Corpus {
  constructor(private readonly random: Random) {}

  /** One serialized request of `span_count` spans that start within a second of `start_unix_nano`. */
  request(span_count: number, start_unix_nano: bigint): Uint8Array {
    const spans: SpanInit[] = [];
    while (spans.length < span_count) spans.push(...this.trace(start_unix_nano, span_count - spans.length));
    const resource = attributes({
      "service.name": this.random.pick(SERVICES),
      "service.version": `1.${this.random.below(9)}`,
      "telemetry.sdk.language": "python",
      "telemetry.sdk.name": "opentelemetry",
      "telemetry.sdk.version": "1.39.0",
      "host.name": `host-${this.random.below(20)}`,
    });
    const scopeSpans = [{ scope: { name: "junjo", version: "0.66.0" }, spans }];
    const request = { resourceSpans: [{ resource: { attributes: resource }, scopeSpans }] };
    return toBinary(ExportTraceServiceRequestSchema, create(ExportTraceServiceRequestSchema, request));
  }

  private trace(start_unix_nano: bigint, span_count_max: number): SpanInit[] {
    const { random } = this;
    const start = start_unix_nano + BigInt(random.below(900_000_000));
    const is_workflow = random.chance(0.6);
    const workflow_id = random.hex(32);
    const root = { traceId: random.bytes(16), spanId: random.bytes(8) };
    const count = Math.min(span_count_max, 5 + random.below(20));
    return Array.from({ length: count }, (_, index) => {
      if (index === 0)
        return { ...this.root(root, start, is_workflow, workflow_id), ...this.outcome(0.05) } as SpanInit;
      const child_start = start + BigInt(index * 1_000_000 + random.below(1_000_000));
      const child = is_workflow && random.chance(0.45) ? this.node(child_start, workflow_id) : this.call();
      return {
        traceId: root.traceId,
        spanId: random.bytes(8),
        parentSpanId: root.spanId,
        startTimeUnixNano: child_start,
        endTimeUnixNano: child_start + BigInt(50_000 + random.below(40_000_000)),
        ...child,
        ...this.outcome(0.02),
      } as SpanInit;
    });
  }

  private root(ids: SpanInit, start: bigint, is_workflow: boolean, workflow_id: string): SpanInit {
    const times = { startTimeUnixNano: start, endTimeUnixNano: start + BigInt(5_000_000 + this.random.below(9e8)) };
    return { ...ids, ...times, ...(is_workflow ? this.workflow(workflow_id) : this.endpoint()) } as SpanInit;
  }

  private workflow(workflow_id: string): SpanInit {
    const { random } = this;
    const nodes = Array.from({ length: 5 }, (_, i) => ({
      id: random.hex(8),
      type: "Node",
      label: `${random.word()}${i}`,
    }));
    const edges = nodes
      .slice(1)
      .map(({ id }, i) => ({ id: random.hex(8), source: nodes[i].id, target: id, condition: null }));
    return {
      name: random.pick(WORKFLOWS),
      kind: INTERNAL,
      attributes: attributes({
        "junjo.span_type": "workflow",
        "junjo.id": workflow_id,
        "junjo.workflow.state.start": this.state(),
        "junjo.workflow.state.end": this.state(),
        "junjo.workflow.graph_structure": JSON.stringify({ v: 1, nodes, edges }),
        "junjo.workflow.store.id": random.hex(32),
        "junjo.workflow.node.count": 5,
      }),
    };
  }

  private state(): string {
    const { random } = this;
    const item = () => ({ id: random.hex(8), score: random.next(), label: random.word() });
    const items = Array.from({ length: 3 + random.below(6) }, item);
    return JSON.stringify({ query: random.text(60), step: random.below(100), items, done: random.chance(0.5) });
  }

  private endpoint(): SpanInit {
    const { random } = this;
    return {
      name: random.pick(ENDPOINTS),
      kind: SERVER,
      attributes: attributes({
        "http.request.method": "POST",
        "url.path": `/${random.word()}/${random.below(1e6)}`,
        "http.response.status_code": random.pick([200, 200, 200, 201, 404, 500]),
        "server.address": `${random.word()}.example`,
        "user_agent.original": `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/${random.below(140)}`,
        "client.address": `10.${random.below(255)}.${random.below(255)}.${random.below(255)}`,
      }),
    };
  }

  private node(start: bigint, workflow_id: string): SpanInit {
    const { random } = this;
    const set_state = () => ({
      timeUnixNano: start + 1000n,
      name: "set_state",
      attributes: attributes({
        id: random.hex(32),
        "junjo.store.name": "AgentState",
        "junjo.store.id": random.hex(32),
        "junjo.store.action": `set_${random.word()}`,
        "junjo.state_json_patch": JSON.stringify([
          { op: "replace", path: `/${random.word()}`, value: random.text(40) },
        ]),
      }),
    });
    return {
      name: `${random.pick(NODES)}_node`,
      kind: INTERNAL,
      attributes: attributes({
        "junjo.span_type": "node",
        "junjo.id": random.hex(32),
        "junjo.parent_id": workflow_id,
        "node.id": random.hex(16),
      }),
      events: Array.from({ length: 1 + random.below(2) }, set_state),
    };
  }

  private call(): SpanInit {
    const { random } = this;
    if (random.chance(0.45)) {
      const model = random.pick(MODELS);
      return {
        name: `chat ${model}`,
        kind: CLIENT,
        attributes: attributes({
          "openinference.span.kind": "LLM",
          "llm.model_name": model,
          "gen_ai.usage.input_tokens": random.below(8000),
          "gen_ai.usage.output_tokens": random.below(2000),
          "llm.temperature": random.next(),
          "input.value": random.text(400 + random.below(1200)),
          "output.value": random.text(200 + random.below(800)),
          "tag.tags": [random.word(), random.word()],
        }),
      };
    }
    return {
      name: random.pick(CALLS),
      kind: CLIENT,
      attributes: attributes({
        "db.system.name": "postgresql",
        "db.query.text": `SELECT * FROM ${random.word()} WHERE id = ${random.below(1e6)}`,
        "server.address": `10.0.${random.below(255)}.${random.below(255)}`,
        "server.port": 5432,
        "db.response.returned_rows": random.below(500),
        "thread.name": `worker-${random.below(32)}`,
        "thread.id": random.below(64),
        retry: random.chance(0.1),
      }),
    };
  }

  private outcome(error_share: number): SpanInit {
    const message = `upstream timed out: ${this.random.text(30)}`;
    const status = this.random.chance(error_share) ? { message, code: 2 } : { code: this.random.chance(0.5) ? 1 : 0 };
    return { status, flags: 257 };
  }
}
