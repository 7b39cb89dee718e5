import { randomBytes } from "node:crypto";

export type Attributes = Record<string, string | number | boolean | readonly string[]>;

export type DemoSpan = {
  name: string;
  parent?: string;
  /** From the trace's beginning. */
  start_ms: number;
  end_ms: number;
  kind?: keyof typeof KINDS;
  error?: string;
  attributes?: Attributes;
  events?: readonly { name: string; at_ms: number; attributes: Attributes }[];
};

const KINDS = { internal: 1, server: 2, client: 3 } as const;

/** A trace that is being written down, in OTLP's JSON. */
export class DemoTrace {
  private readonly trace_id = randomBytes(16).toString("hex");
  private readonly by_service = new Map<string, object[]>();

  constructor(
    private readonly start_ms: number,
    private readonly scope: string,
  ) {}

  /** Gives the span's id. */
  add(
    service: string,
    { name, parent, start_ms, end_ms, kind = "internal", error, attributes = {}, events = [] }: DemoSpan,
  ): string {
    const span_id = randomBytes(8).toString("hex");
    const spans = this.by_service.get(service) ?? [];
    this.by_service.set(service, spans);
    spans.push({
      traceId: this.trace_id,
      spanId: span_id,
      parentSpanId: parent ?? "",
      name,
      kind: KINDS[kind],
      startTimeUnixNano: this.unix_nano(start_ms),
      endTimeUnixNano: this.unix_nano(end_ms),
      attributes: key_values(attributes),
      status: error === undefined ? {} : { code: 2, message: error },
      events: events.map((event) => ({
        name: event.name,
        timeUnixNano: this.unix_nano(event.at_ms),
        attributes: key_values(event.attributes),
      })),
    });
    return span_id;
  }

  /** An ExportTraceServiceRequest. */
  request(): object {
    return {
      resourceSpans: Array.from(this.by_service, ([service, spans]) => ({
        resource: { attributes: key_values({ "service.name": service, "deployment.environment.name": "demo" }) },
        scopeSpans: [{ scope: { name: this.scope }, spans }],
      })),
    };
  }

  private unix_nano(at_ms: number): string {
    return String(BigInt(Math.round((this.start_ms + at_ms) * 1000)) * 1000n);
  }
}

function key_values(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: any_value(value) }));
}

function any_value(value: Attributes[string]): object {
  switch (typeof value) {
    case "string":
      return { stringValue: value };
    case "boolean":
      return { boolValue: value };
    case "number":
      return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
    default:
      return { arrayValue: { values: value.map((text) => ({ stringValue: text })) } };
  }
}
