import { key_values, no_string, type OtherKind } from "./any-value.ts";
import { object, span_json } from "./span.ts";
import type { PatchFacts, SpanRow } from "./types.ts";

type Group = { resource: string; schema_url: string; scopes: Map<string, { head: string; spans: string[] }> };

/** Spans that come together into one ExportTraceServiceRequest in OTLP's JSON. */
export class RequestWriter {
  private readonly groups = new Map<string, Group>();
  span_count = 0;
  /** Characters of the spans so far. */
  length = 0;

  add(row: SpanRow, patches: PatchFacts | null): void {
    const span = span_json(row, patches);
    this.scope_of(row).push(span);
    this.span_count++;
    this.length += span.length;
  }

  /** The request in one line, without its end. From here on it is empty. */
  take(): string {
    const groups = Array.from(this.groups.values(), ({ resource, schema_url, scopes }) => {
      const scope_spans = Array.from(scopes.values(), ({ head, spans }) => `{${head}"spans":[${spans.join()}]}`);
      return `{"resource":${resource},"schemaUrl":${schema_url},"scopeSpans":[${scope_spans.join()}]}`;
    });
    this.groups.clear();
    this.span_count = 0;
    this.length = 0;
    return `{"resourceSpans":[${groups.join()}]}`;
  }

  private scope_of(row: SpanRow): string[] {
    const resource_key = key_of(
      row.service_name,
      row.resource_attributes_json,
      row.resource_dropped_attributes_count,
      row.resource_entity_refs_json,
      row.resource_schema_url,
    );
    let group = this.groups.get(resource_key);
    if (group === undefined) {
      group = { resource: resource_json(row), schema_url: JSON.stringify(row.resource_schema_url), scopes: new Map() };
      this.groups.set(resource_key, group);
    }
    const scope_key = key_of(
      row.scope_name,
      row.scope_version,
      row.scope_attributes_json,
      row.scope_dropped_attributes_count,
      row.scope_schema_url,
    );
    let scope = group.scopes.get(scope_key);
    if (scope === undefined) group.scopes.set(scope_key, (scope = { head: scope_head(row), spans: [] }));
    return scope.spans;
  }
}

const key_of = (...parts: (string | number)[]): string => JSON.stringify(parts);

const resource_json = (row: SpanRow): string =>
  object({
    attributes: key_values(row.resource_attributes_json, service_name_of(row)),
    droppedAttributesCount: row.resource_dropped_attributes_count,
    entityRefs: row.resource_entity_refs_json,
  });

/** A name that was sent as another value than text is kept as its JSON. */
const service_name_of =
  ({ service_name }: SpanRow): OtherKind =>
  (key, value) =>
    key === '"service.name"' && service_name === value ? no_string(value) : null;

function scope_head(row: SpanRow): string {
  const scope = object({
    name: JSON.stringify(row.scope_name),
    version: JSON.stringify(row.scope_version),
    attributes: key_values(row.scope_attributes_json),
    droppedAttributesCount: row.scope_dropped_attributes_count,
  });
  return `"scope":${scope},"schemaUrl":${JSON.stringify(row.scope_schema_url)},`;
}
