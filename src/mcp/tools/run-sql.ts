import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { z } from "zod";
import { SPAN_COLUMNS } from "../../decode/index.ts";
import type { ApiClient } from "../api-client.ts";
import { fit } from "../fit.ts";
import { characters_max, READ_ONLY, text_result } from "../tool.ts";

const ROWS_MAX = 1_000;
const ROWS_INITIAL = 100;

type Answer = { columns: { name: string; type: string }[]; rows: unknown[][]; truncated: boolean };

export function add_run_sql(server: McpServer, client: ApiClient): void {
  server.registerTool(
    "run_sql",
    {
      title: "Run SQL",
      description:
        "Answers one SELECT in DuckDB's SQL over the views `spans` and `state_patches`; nothing can be changed. Columns of spans: " +
        `${SPAN_COLUMNS.map(({ name }) => name).join(", ")}. Columns that end in _json are JSON (attributes_json->>'$."http.route"'); ` +
        "status_code is '2' for an error. Columns of state_patches: patch_id, service_name, trace_id, span_id, workflow_id, node_id, " +
        "event_time, patch_json, patch_store_id.",
      inputSchema: {
        sql: z.string().min(1).describe("one SELECT"),
        rows_max: z.int().min(1).max(ROWS_MAX).default(ROWS_INITIAL).describe("rows to give at most"),
        characters_max,
      },
      annotations: READ_ONLY,
    },
    async ({ sql, rows_max, characters_max }) => {
      const { columns, rows, truncated } = (await client.sql(sql)) as Answer;
      const gone = rows.length - rows_max;
      const left_out = `${gone}${truncated ? " or more" : ""} rows`;
      const note = gone > 0 ? { left_out } : {};
      return text_result(fit({ ...note, columns, rows: rows.slice(0, rows_max) }, characters_max));
    },
  );
}
