import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { z } from "zod";
import type { ApiClient } from "../api-client.ts";
import { fit } from "../fit.ts";
import { characters_max, moment, READ_ONLY, text_result, time } from "../tool.ts";

const LIMIT_MAX = 100;
const LIMIT_INITIAL = 20;

const FILTER = `which spans the traces must have: \`field comparison value\`, joined by and, or, not and brackets. Fields: \
service, name, kind, status (unset, ok, error), message, duration (250ms, 1.5s), root, llm, has_llm, workflow, type \
(workflow, subflow, node, agent), scope, trace; attributes as span.KEY, resource.KEY or .KEY, also \`span.KEY exists\`. \
Comparisons: = != < <= > >= and =~ !~ (regular expressions). A text in quotes is looked for in names and status messages. \
Examples: \`service = checkout and status = error\`, \`llm and duration > 5s\`, \`"timed out"\`. Not given: root spans`;

export function add_search_traces(server: McpServer, client: ApiClient): void {
  server.registerTool(
    "search_traces",
    {
      title: "Search traces",
      description:
        "Finds traces by what their spans are, newest first: when they began, how long they took, how many spans, errors and " +
        "calls of language models they have, their services and their root span.",
      inputSchema: {
        filter: z.string().optional().describe(FILTER),
        since: time("only spans that start then or later"),
        until: time("only spans that start then or earlier"),
        limit: z.int().min(1).max(LIMIT_MAX).default(LIMIT_INITIAL).describe("traces to give at most"),
        cursor: z.string().optional().describe("next_cursor of an answer, to go on behind it"),
        characters_max,
      },
      annotations: READ_ONLY,
    },
    async ({ since, until, characters_max, ...query }) => {
      const { body } = await client.get("/otel/traces", { ...query, since: moment(since), until: moment(until) });
      return text_result(fit(body, characters_max));
    },
  );
}
