import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { BatchRow } from "./batch-rows.ts";
import { parse_exact } from "./exact-json.ts";

// What real SDKs have sent (test/captures), and what the columns must hold by the reference decoder's reading of it.

const CAPTURES = join(import.meta.dir, "../captures");
const MOVED = {
  "junjo.id": "junjo_id",
  "junjo.parent_id": "junjo_parent_id",
  "junjo.span_type": "junjo_span_type",
  "junjo.workflow.store.id": "junjo_wf_store_id",
  "junjo.workflow.state.start": "junjo_wf_state_start",
  "junjo.workflow.state.end": "junjo_wf_state_end",
  "junjo.workflow.graph_structure": "junjo_wf_graph_structure",
  "junjo.workflow_id": null,
  "node.id": null,
} as const;
const NEWER = {
  "junjo.executable_definition_id": "junjo_id",
  "junjo.parent_executable_definition_id": "junjo_parent_id",
  "junjo.workflow.execution_graph_snapshot": "junjo_wf_graph_structure",
} as const;
const STATUS_CODES: Record<string, string> = { UNSET: "0", OK: "1", ERROR: "2" };

type Attributes = Record<string, unknown>;
type ExpectedEvent = { time_unix_nano: string; name: string; attributes: Attributes; dropped_attributes_count: number };
type ExpectedLink = {
  trace_id: string;
  span_id: string;
  trace_state: string;
  attributes: Attributes;
  dropped_attributes_count: number;
  flags: number;
};
export type ExpectedSpan = Record<string, unknown> & {
  attributes: Attributes;
  events: ExpectedEvent[];
  links: ExpectedLink[];
  scope: { name: string; version: string; attributes: Attributes; schema_url: string };
  start_time_unix_nano: string;
  end_time_unix_nano: string;
  status_code: string;
};

/** What the columns of one span must be, by the reference decoder's reading of it. */
export function expected_row(span: ExpectedSpan): BatchRow {
  return {
    trace_id: span.trace_id,
    span_id: span.span_id,
    parent_span_id: span.parent_span_id === "" ? null : span.parent_span_id,
    service_name: span["service.name"] ?? "unknown_service",
    name: span.name,
    kind: span.kind,
    start_time: BigInt(span.start_time_unix_nano) / 1000n,
    start_time_nanosecond: Number(BigInt(span.start_time_unix_nano) % 1000n),
    end_time: BigInt(span.end_time_unix_nano) / 1000n,
    end_time_nanosecond: Number(BigInt(span.end_time_unix_nano) % 1000n),
    status_code: STATUS_CODES[span.status_code],
    status_message: span.status_message,
    attributes_json: Object.fromEntries(Object.entries(span.attributes).filter(([key]) => !(key in MOVED))),
    events_json: span.events.map((event) => ({
      name: event.name,
      timeUnixNano: parse_exact(event.time_unix_nano),
      attributes: event.attributes,
      droppedAttributesCount: event.dropped_attributes_count,
    })),
    links_json: span.links.map((link) => ({
      traceId: link.trace_id,
      spanId: link.span_id,
      traceState: link.trace_state,
      attributes: link.attributes,
      droppedAttributesCount: link.dropped_attributes_count,
      flags: link.flags,
    })),
    trace_flags: span.flags,
    trace_state: span.trace_state,
    dropped_attributes_count: span.dropped_attributes_count,
    dropped_events_count: span.dropped_events_count,
    dropped_links_count: span.dropped_links_count,
    resource_attributes_json: span.resource_attributes,
    resource_dropped_attributes_count: span.resource_dropped_attributes_count,
    resource_schema_url: span.resource_schema_url,
    scope_name: span.scope.name,
    scope_version: span.scope.version,
    scope_attributes_json: span.scope.attributes,
    scope_schema_url: span.scope.schema_url,
    ...expected_junjo_columns(span.attributes),
  };
}

function expected_junjo_columns(attributes: Attributes): BatchRow {
  const row: BatchRow = {};
  for (const names of [MOVED, NEWER]) {
    for (const [name, column] of Object.entries(names)) {
      if (column === null) continue;
      const sent = attributes[name];
      const is_json = /state_|graph/.test(column);
      row[column] ??= sent === undefined ? null : is_json ? parse_exact(String(sent)) : sent;
    }
  }
  return row;
}

/** Each set_state event as what its patch must hold. */
export const expected_patches = (spans: readonly ExpectedSpan[]) =>
  spans.flatMap((span) =>
    span.events.flatMap((event, index) =>
      event.name !== "set_state"
        ? []
        : {
            patch_id: `${span.trace_id}:${span.span_id}:${index}`,
            service_name: span["service.name"],
            trace_id: span.trace_id,
            span_id: span.span_id,
            event_time: BigInt(event.time_unix_nano) / 1000n,
            patch_json: parse_exact(String(event.attributes["junjo.state_json_patch"])),
            patch_store_id: event.attributes["junjo.store.id"],
          },
    ),
  );

/** The captures with this ending: `.pb` or `.json`. */
export const capture_names = (ending: string): string[] =>
  readdirSync(CAPTURES)
    .filter((name) => name.endsWith(ending) && !name.endsWith(".expected.json"))
    .sort();

export const capture_body = (name: string): Buffer<ArrayBuffer> => readFileSync(join(CAPTURES, name));

export const capture_spans = (name: string): ExpectedSpan[] =>
  parse_exact(readFileSync(join(CAPTURES, name.replace(/\.\w+$/, ".expected.json")), "utf8")) as ExpectedSpan[];
