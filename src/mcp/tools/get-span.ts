import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { z } from "zod";
import { type ApiClient, McpError } from "../api-client.ts";
import { fit } from "../fit.ts";
import { characters_max, READ_ONLY, span_id, text_result, trace_id } from "../tool.ts";

export function add_get_span(server: McpServer, client: ApiClient): void {
  server.registerTool(
    "get_span",
    {
      title: "Get a span",
      description:
        "One span with all that was sent: attributes, events, links, resource, scope and, of a workflow, its graph and states. " +
        "What is too long is cut; `part` and `from` read the rest of it.",
      inputSchema: {
        trace_id,
        span_id,
        part: z
          .string()
          .optional()
          .describe(
            "only this part of it, by JSON pointer, for example /attributes_json/gen_ai.prompt or /events_json/0",
          ),
        from: z.int().min(0).default(0).describe("if that part is a text: from this character on"),
        characters_max,
      },
      annotations: READ_ONLY,
    },
    async ({ trace_id, span_id, part = "", from, characters_max }) => {
      const { body } = await client.get(`/otel/trace/${trace_id}/span/${span_id}`);
      const found = part_of(body, part);
      return text_result(fit(typeof found === "string" ? found.slice(from) : found, characters_max));
    },
  );
}

/** RFC 6901. */
function part_of(whole: unknown, pointer: string): unknown {
  let part = whole;
  for (const token of pointer.split("/").slice(1)) {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof part !== "object" || part === null || !Object.hasOwn(part, key)) {
      throw new McpError(`the span has no ${pointer}`);
    }
    part = (part as Record<string, unknown>)[key];
  }
  return part;
}
