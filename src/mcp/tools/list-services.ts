import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { ApiClient } from "../api-client.ts";
import { fit } from "../fit.ts";
import { characters_max, moment, READ_ONLY, text_result, time } from "../tool.ts";

type Services = { since: string; until: string; services: (Record<string, unknown> & { parts: unknown })[] };

export function add_list_services(server: McpServer, client: ApiClient): void {
  server.registerTool(
    "list_services",
    {
      title: "List services",
      description:
        "Which services have sent spans, how many, when last, and what their root spans did in a time range: how many, " +
        "how many failed, and how long they took (p50, p95, in nanoseconds).",
      inputSchema: {
        since: time("where the range begins (24h ago)"),
        until: time("where it ends (now)"),
        characters_max,
      },
      annotations: READ_ONLY,
    },
    async ({ since = "24h", until, characters_max }) => {
      const { body } = await client.get("/otel/services", { since: moment(since), until: moment(until), parts: 1 });
      const { services, ...range } = body as Services;
      return text_result(
        fit({ ...range, services: services.map(({ parts: _parts, ...service }) => service) }, characters_max),
      );
    },
  );
}
