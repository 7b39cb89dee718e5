import { all_attributes, elements, members, type SpanRow } from "../../encode/index.ts";
import { bool_tag, tags_of, text_tag } from "./tags.ts";

const ID_DIGITS = 16;

/** Processes of a trace, as its spans name them: p1, p2 and so on, one for each service and resource. */
export class Processes {
  private readonly by_resource = new Map<string, { id: string; json: string }>();

  /** The process of a span. */
  id_of({ service_name, resource_attributes_json }: SpanRow): string {
    const resource = JSON.stringify(service_name) + resource_attributes_json;
    const known = this.by_resource.get(resource);
    if (known !== undefined) return known.id;
    const id = `p${this.by_resource.size + 1}`;
    const tags = tags_of(resource_attributes_json, (key) => key !== '"service.name"');
    const json = `{"serviceName":${JSON.stringify(service_name)},"tags":[${tags.join()}]}`;
    this.by_resource.set(resource, { id, json });
    return id;
  }

  get json(): string {
    return `{${Array.from(this.by_resource.values(), ({ id, json }) => `"${id}":${json}`).join()}}`;
  }
}

/**
 * A row as a span in the JSON of Jaeger's query API, whose shape is that of uimodel.Span in Jaeger's sources and whose tags
 * are those that the collector's translator from OTLP makes.
 */
export function span_json(row: SpanRow, process_id: string): string {
  const duration_ns =
    (row.end_time - row.start_time) * 1000n + BigInt(row.end_time_nanosecond - row.start_time_nanosecond);
  const fields = [
    `"traceID":"${jaeger_trace_id(row.trace_id)}"`,
    `"spanID":"${row.span_id}"`,
    `"flags":${row.trace_flags & 0xff}`,
    `"operationName":${JSON.stringify(row.name)}`,
    `"references":[${references(row).join()}]`,
    `"startTime":${row.start_time}`,
    `"duration":${duration_ns > 0n ? duration_ns / 1000n : 0n}`,
    `"tags":[${tags(row).join()}]`,
    `"logs":[${Array.from(elements(row.events_json), log_json).join()}]`,
    `"processID":"${process_id}"`,
    `"warnings":null`,
  ];
  return `{${fields.join()}}`;
}

/** Jaeger leaves the first half out when it is zero. */
export const jaeger_trace_id = (trace_id: string): string => trace_id.replace(/^0{16}(?=.{16}$)/, "");

function references({ trace_id, parent_span_id, links_json }: SpanRow): string[] {
  const parent = parent_span_id === null ? [] : [reference("CHILD_OF", trace_id, parent_span_id)];
  const links = Array.from(elements(links_json), (link) => {
    const { traceId, spanId, attributes } = JSON.parse(link) as Link;
    const is_child = attributes["opentracing.ref_type"] === "child_of";
    return reference(is_child ? "CHILD_OF" : "FOLLOWS_FROM", traceId, spanId.padStart(ID_DIGITS, "0"));
  });
  return [...parent, ...links];
}

type Link = { traceId: string; spanId: string; attributes: Record<string, unknown> };

const reference = (type: string, trace_id: string, span_id: string): string =>
  `{"refType":"${type}","traceID":"${jaeger_trace_id(trace_id)}","spanID":"${span_id}"}`;

const STATUS: Record<string, string | undefined> = { "1": "OK", "2": "ERROR" };

function tags(row: SpanRow): string[] {
  const { scope_name, scope_version, kind, status_code, status_message, trace_state } = row;
  const status = STATUS[status_code];
  return [
    ...(scope_name === "" ? [] : [text_tag("otel.scope.name", scope_name)]),
    ...(scope_version === "" ? [] : [text_tag("otel.scope.version", scope_version)]),
    ...tags_of(all_attributes(row)),
    ...(kind === "UNSPECIFIED" ? [] : [text_tag("span.kind", kind.toLowerCase())]),
    ...(status === undefined ? [] : [text_tag("otel.status_code", status)]),
    ...(status_code === "2" ? [bool_tag("error", true)] : []),
    ...(status_message === "" ? [] : [text_tag("otel.status_description", status_message)]),
    ...(trace_state === "" ? [] : [text_tag("w3c.tracestate", trace_state)]),
  ];
}

/** An event's name is the field `event`, unless it has an attribute of that name. */
function log_json(event: string): string {
  const fields = new Map(members(event));
  const attributes = tags_of(fields.get('"attributes"') ?? "{}");
  const name = fields.get('"name"') ?? '""';
  const is_named = name !== '""' && !attributes.some((field) => field.startsWith('{"key":"event",'));
  const all = is_named ? [`{"key":"event","type":"string","value":${name}}`, ...attributes] : attributes;
  const time_us = BigInt(fields.get('"timeUnixNano"') ?? "0") / 1000n;
  return `{"timestamp":${time_us},"fields":[${all.join()}]}`;
}
