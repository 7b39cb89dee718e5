import { fromBinary } from "@bufbuild/protobuf";
import { ExportTraceServiceRequestSchema } from "../../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import type { AnyValue, KeyValue } from "../../src/gen/opentelemetry/proto/common/v1/common_pb.ts";
import type { ResourceSpans, ScopeSpans, Span } from "../../src/gen/opentelemetry/proto/trace/v1/trace_pb.ts";
import type { BatchRow } from "./batch-rows.ts";
import { parse_exact } from "./exact-json.ts";

/** Stands for any JSON text that says `value`. */
export class JsonText {
  constructor(readonly value: unknown) {}
}

// The reference: what a row must hold, said in the plainest way over protobuf-es's objects.

const KINDS = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
const MOVED = new Set([
  "junjo.id",
  "junjo.parent_id",
  "junjo.span_type",
  "junjo.workflow.state.start",
  "junjo.workflow.state.end",
  "junjo.workflow.graph_structure",
  "junjo.workflow.store.id",
  "junjo.workflow_id",
  "node.id",
]);
const LLM_OPERATIONS = ["chat", "text_completion", "generate_content"];

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const integer = (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : value);
const is_zero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);

function json_value(any: AnyValue | undefined): unknown {
  const value = any?.value;
  switch (value?.case) {
    case "stringValue":
    case "boolValue":
      return value.value;
    case "intValue":
      return integer(value.value);
    case "doubleValue":
      // A large whole double is written with `.0` and reads back as a number; only integers become bigint.
      return Number.isFinite(value.value) ? value.value : String(value.value);
    case "arrayValue":
      return value.value.values.map(json_value);
    case "kvlistValue":
      return json_object(value.value.values);
    case "bytesValue":
      return Buffer.from(value.value).toString("base64");
    default:
      return null;
  }
}

const json_object = (attributes: readonly KeyValue[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, json_value(value)]));

/** The value of the first of these keys that was sent; of a key that stands twice, the last. */
function sent(attributes: readonly KeyValue[], ...keys: string[]): AnyValue | undefined {
  const key = keys.find((name) => attributes.some((attribute) => attribute.key === name));
  return attributes.findLast((attribute) => attribute.key === key)?.value;
}

/** A value as a VARCHAR column holds it: text as it is, another value as JSON that says the same. */
function column_text(any: AnyValue | undefined): string | JsonText | null {
  if (any?.value.case === undefined) return null;
  return any.value.case === "stringValue" ? any.value.value : new JsonText(json_value(any));
}

/** A value as a JSON column reads back: text that is JSON as what it says. */
function column_json(any: AnyValue | undefined): unknown {
  if (any?.value.case !== "stringValue") return json_value(any);
  return is_json(any.value.value) ? parse_exact(any.value.value) : any.value.value;
}

function is_llm(attributes: Record<string, unknown>): boolean {
  return (
    attributes["openinference.span.kind"] === "LLM" ||
    LLM_OPERATIONS.some((operation) => operation === attributes["gen_ai.operation.name"]) ||
    "gen_ai.request.model" in attributes ||
    "llm.model_name" in attributes
  );
}

/** Of a start record as Logfire sends it, the span that it tells of. */
function told_of(span: Span): Span {
  const attributes: Record<string, unknown> = json_object(span.attributes);
  if (attributes["logfire.span_type"] !== "pending_span" || is_zero(span.parentSpanId) || span.startTimeUnixNano === 0n)
    return span;
  const parent = String(attributes["logfire.pending_parent_id"]);
  const is_id = /^[\da-f]{16}$/.test(parent) && typeof attributes["logfire.pending_parent_id"] === "string";
  const parentSpanId = is_id ? Uint8Array.from(Buffer.from(parent, "hex")) : new Uint8Array(0);
  return { ...span, spanId: span.parentSpanId, parentSpanId, endTimeUnixNano: 0n };
}

function span_row(resource_spans: ResourceSpans, scope_spans: ScopeSpans, span: Span): BatchRow {
  const { resource, schemaUrl } = resource_spans;
  const { scope } = scope_spans;
  const attributes: Record<string, unknown> = json_object(span.attributes);
  const resource_attributes: Record<string, unknown> = json_object(resource?.attributes ?? []);
  const service_name = column_text(sent(resource?.attributes ?? [], "service.name"));
  return {
    trace_id: hex(span.traceId),
    span_id: hex(span.spanId),
    parent_span_id: is_zero(span.parentSpanId) ? null : hex(span.parentSpanId),
    service_name: service_name || "unknown_service",
    name: span.name,
    kind: KINDS[span.kind] ?? String(span.kind),
    start_time: span.startTimeUnixNano / 1000n,
    end_time: span.endTimeUnixNano / 1000n,
    status_code: String(span.status?.code ?? 0),
    status_message: span.status?.message ?? "",
    attributes_json: Object.fromEntries(Object.entries(attributes).filter(([key]) => !MOVED.has(key))),
    events_json: span.events.map((event) => ({
      name: event.name,
      timeUnixNano: integer(event.timeUnixNano),
      attributes: json_object(event.attributes),
      droppedAttributesCount: event.droppedAttributesCount,
    })),
    links_json: span.links.map((link) => ({
      traceId: hex(link.traceId),
      spanId: hex(link.spanId),
      traceState: link.traceState,
      attributes: json_object(link.attributes),
      droppedAttributesCount: link.droppedAttributesCount,
      flags: link.flags,
    })),
    trace_flags: span.flags | 0,
    trace_state: span.traceState,
    junjo_id: column_text(sent(span.attributes, "junjo.id", "junjo.executable_definition_id")),
    junjo_parent_id: column_text(sent(span.attributes, "junjo.parent_id", "junjo.parent_executable_definition_id")),
    junjo_span_type: column_text(sent(span.attributes, "junjo.span_type")),
    junjo_wf_state_start: column_json(sent(span.attributes, "junjo.workflow.state.start")),
    junjo_wf_state_end: column_json(sent(span.attributes, "junjo.workflow.state.end")),
    junjo_wf_graph_structure: column_json(
      sent(span.attributes, "junjo.workflow.graph_structure", "junjo.workflow.execution_graph_snapshot"),
    ),
    junjo_wf_store_id: column_text(sent(span.attributes, "junjo.workflow.store.id")),
    start_time_nanosecond: Number(span.startTimeUnixNano % 1000n),
    end_time_nanosecond: Number(span.endTimeUnixNano % 1000n),
    dropped_attributes_count: span.droppedAttributesCount,
    dropped_events_count: span.droppedEventsCount,
    dropped_links_count: span.droppedLinksCount,
    resource_attributes_json: resource_attributes,
    resource_dropped_attributes_count: resource?.droppedAttributesCount ?? 0,
    resource_entity_refs_json: (resource?.entityRefs ?? []).map((ref) => ({
      schemaUrl: ref.schemaUrl,
      type: ref.type,
      idKeys: ref.idKeys,
      descriptionKeys: ref.descriptionKeys,
    })),
    resource_schema_url: schemaUrl,
    scope_name: scope?.name ?? "",
    scope_version: scope?.version ?? "",
    scope_attributes_json: json_object(scope?.attributes ?? []),
    scope_dropped_attributes_count: scope?.droppedAttributesCount ?? 0,
    scope_schema_url: scope_spans.schemaUrl,
    is_llm: is_llm(attributes),
    sent_workflow_id: sent_text(span.attributes, "junjo.workflow_id"),
    sent_node_id: sent_text(span.attributes, "node.id"),
    derived_patch_count: derived_patch_count(span),
  };
}

function sent_text(attributes: readonly KeyValue[], key: string): string | null {
  const value = sent(attributes, key)?.value;
  return value?.case === "stringValue" ? value.value : null;
}

/** Of a span whose patches all are JSON that was sent as text, in stores that have text as their name: their number. */
function derived_patch_count({ events }: Span): number {
  const patches = events.filter(
    ({ name, attributes }) => name === "set_state" && attributes.some(({ key }) => key === "junjo.state_json_patch"),
  );
  const is_derivable = patches.every(({ attributes }) => {
    const patch = sent_text(attributes, "junjo.state_json_patch");
    const has_store = attributes.some(({ key }) => key === "junjo.store.id");
    return patch !== null && is_json(patch) && (!has_store || sent_text(attributes, "junjo.store.id") !== null);
  });
  return is_derivable ? patches.length : 0;
}

/** As DuckDB sees it: without halves of characters, which JSON.stringify escapes. */
function is_json(text: string): boolean {
  try {
    return !/\\ud[89a-f]/.test(JSON.stringify(JSON.parse(text)).replaceAll("\\\\", ""));
  } catch {
    return false;
  }
}

/** The rows of `spans` that a request must become; those whose end_time is 0 have not ended. */
export function reference_rows(body: Uint8Array): BatchRow[] {
  const request = fromBinary(ExportTraceServiceRequestSchema, body);
  return request.resourceSpans.flatMap((resource_spans) =>
    resource_spans.scopeSpans.flatMap((scope_spans) =>
      scope_spans.spans.map((span) => span_row(resource_spans, scope_spans, told_of(span))),
    ),
  );
}
