import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { z } from "zod";
import { iso_time_us } from "../../decode/index.ts";
import { type ApiClient, McpError } from "../api-client.ts";
import { cut_text, fit } from "../fit.ts";
import { characters_max, json_of, READ_ONLY, text_result, trace_id } from "../tool.ts";

const SPANS_MAX = 500;
const SPANS_INITIAL = 100;
const NAME_CHARACTERS_MAX = 200;
/** Less than this of a span's attributes says nothing. */
const ATTRIBUTES_CHARACTERS_MIN = 60;

/** What of a row is shown here. */
export type Row = {
  span_id: string;
  parent_span_id: string | null;
  service_name: string;
  name: string;
  kind: string;
  start_time: string;
  end_time: string;
  status_code: string;
  status_message: string;
  attributes_json: object;
  events_json: unknown[];
  junjo_span_type: string | null;
  is_llm: boolean;
};

export function add_get_trace(server: McpServer, client: ApiClient): void {
  server.registerTool(
    "get_trace",
    {
      title: "Get a trace",
      description:
        "What happened in a trace: its spans in the order in which they began, with their parents, when they began and how long " +
        "they took in milliseconds, what failed, and the beginning of their attributes. get_span has the rest of a span.",
      inputSchema: {
        trace_id,
        spans_max: z
          .int()
          .min(1)
          .max(SPANS_MAX)
          .default(SPANS_INITIAL)
          .describe("spans to give at most: the first ones"),
        characters_max,
      },
      annotations: READ_ONLY,
    },
    async ({ trace_id, spans_max, characters_max }) => {
      const { rows, span_count } = await first_rows(client, trace_id, spans_max);
      if (rows.length === 0) throw new McpError(`there is no trace ${trace_id}`);
      return text_result(trace_text(trace_id, rows, span_count, characters_max));
    },
  );
}

/** The first spans of a trace, oldest first, and how many there are. */
async function first_rows(client: ApiClient, trace_id: string, limit: number) {
  const path = `/otel/trace/${trace_id}/nested_spans`;
  const newest = await client.get(path, { limit });
  if (!newest.has_more) {
    const rows = (newest.body as Row[]).toReversed();
    return { rows, span_count: rows.length };
  }
  const counted = await client.sql(`SELECT count(*)::VARCHAR FROM spans WHERE trace_id = '${trace_id.toLowerCase()}'`);
  const span_count = Number((counted as { rows: string[][] }).rows[0][0]);
  // Lists have the newest first.
  const { body } = await client.get(path, { limit, offset: Math.max(0, span_count - limit) });
  return { rows: (body as Row[]).toReversed(), span_count };
}

/** JSON of at most about so many characters: facts first, then as much of the attributes as there is room for. */
export function trace_text(trace_id: string, rows: readonly Row[], span_count: number, characters_max: number): string {
  const start_us = iso_time_us(rows[0].start_time);
  const facts: string[] = [];
  let room = characters_max;
  for (const row of rows) {
    const json = json_of(facts_of(row, start_us));
    if (json.length > room) break;
    room -= json.length;
    facts.push(json);
  }
  const share = Math.floor(room / Math.max(1, facts.length)) - '"attributes":,'.length;
  const has_attributes = share >= ATTRIBUTES_CHARACTERS_MIN;
  const spans = facts.map((json, place) =>
    has_attributes ? `${json.slice(0, -1)},"attributes":${fit(rows[place].attributes_json, share)}}` : json,
  );
  const left_out = [
    ...(span_count > facts.length ? [`the last ${span_count - facts.length} spans`] : []),
    ...(has_attributes ? [] : ["attributes"]),
  ];
  const head = { trace_id, start_time: rows[0].start_time, span_count, ...(left_out.length > 0 && { left_out }) };
  return `${json_of(head).slice(0, -1)},"spans":[${spans.join(",\n")}]}`;
}

/** What says nothing is left out. */
function facts_of(row: Row, trace_start_us: bigint): object {
  const [start_us, end_us] = [iso_time_us(row.start_time), iso_time_us(row.end_time)];
  return {
    span_id: row.span_id,
    parent_span_id: row.parent_span_id,
    service: row.service_name,
    name: cut_text(row.name, NAME_CHARACTERS_MAX),
    ...(row.kind !== "INTERNAL" && { kind: row.kind }),
    start_ms: Number(start_us - trace_start_us) / 1000,
    duration_ms: Number(end_us - start_us) / 1000,
    ...(row.status_code === "2" && { status: "error" }),
    ...(row.status_message !== "" && { status_message: cut_text(row.status_message, NAME_CHARACTERS_MAX) }),
    ...(row.junjo_span_type !== null && { type: row.junjo_span_type }),
    ...(row.is_llm && { is_llm: true }),
    ...(row.events_json.length > 0 && { events: row.events_json.length }),
  };
}
