import { once } from "node:events";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { version } from "../../package.json" with { type: "json" };
import { ApiClient, type ApiOptions } from "./api-client.ts";
import { add_get_span } from "./tools/get-span.ts";
import { add_get_trace } from "./tools/get-trace.ts";
import { add_list_services } from "./tools/list-services.ts";
import { add_run_sql } from "./tools/run-sql.ts";
import { add_search_traces } from "./tools/search-traces.ts";
import { add_workflow_state_history } from "./tools/workflow-state-history.ts";
import { AnsweringTransport } from "./transport.ts";

const INSTRUCTIONS =
  "OpenTelemetry traces of AI workflows and services. Begin with list_services or search_traces, look at a trace with get_trace, " +
  "at one of its spans with get_span. All tools only read.";

const TOOLS = [
  add_list_services,
  add_search_traces,
  add_get_trace,
  add_get_span,
  add_workflow_state_history,
  add_run_sql,
];

export async function serve_mcp(options: ApiOptions): Promise<void> {
  const client = new ApiClient(options);
  const server = new McpServer({ name: "junjo-traces", version }, { instructions: INSTRUCTIONS });
  for (const add_tool of TOOLS) add_tool(server, client);
  const transport = new AnsweringTransport();
  await server.connect(transport);
  await once(process.stdin, "end");
  await transport.answered();
  await server.close();
}
