import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { type ApiClient, McpError } from "../api-client.ts";
import { fit } from "../fit.ts";
import { characters_max, json_of, READ_ONLY, span_id, text_result, trace_id } from "../tool.ts";

type Span = {
  span_id: string;
  name: string;
  junjo_id: string | null;
  junjo_span_type: string | null;
  junjo_wf_state_start: unknown;
  junjo_wf_state_end: unknown;
  junjo_wf_store_id: string | null;
};
type Patch = { span_id: string; workflow_id: string; event_time: string; patch_json: unknown; patch_store_id: string };

export function add_workflow_state_history(server: McpServer, client: ApiClient): void {
  server.registerTool(
    "workflow_state_history",
    {
      title: "History of a workflow's state",
      description:
        "How the state of a Junjo workflow or subflow changed: the state at its start, every JSON patch in order with the node that " +
        "made it, and the state at its end.",
      inputSchema: {
        trace_id,
        span_id: span_id.optional().describe("the span of the workflow or subflow; not given: the trace's first one"),
        characters_max,
      },
      annotations: READ_ONLY,
    },
    async ({ trace_id, span_id, characters_max }) => {
      const [spans, patches] = await Promise.all([
        client.get(`/otel/trace/${trace_id}/nested_spans`),
        client.get(`/otel/trace/${trace_id}/state_patches`),
      ]);
      const oldest_first = (spans.body as Span[]).toReversed();
      return text_result(history_text(oldest_first, patches.body as Patch[], span_id?.toLowerCase(), characters_max));
    },
  );
}

function history_text(
  spans: readonly Span[],
  patches: readonly Patch[],
  span_id: string | undefined,
  characters_max: number,
): string {
  const workflows = spans.filter(has_state);
  const workflow = workflows.find((span) => span_id === undefined || span.span_id === span_id);
  if (workflow === undefined)
    throw new McpError(`no workflow there; those of the trace: ${json_of(workflows.map(name_of))}`);
  const names = new Map(spans.map(({ span_id, name }) => [span_id, name]));
  const own = patches.filter((patch) => is_of(patch, workflow));
  // Both states, and all patches between them: a third of the room for each.
  const share = Math.floor(characters_max / 3);
  const fields = {
    workflow: json_of(name_of(workflow)),
    other_workflows: fit(workflows.filter((other) => other !== workflow).map(name_of), share),
    patch_count: String(own.length),
    state_at_start: fit(workflow.junjo_wf_state_start, share),
    patches: fit(
      own.map(({ event_time, span_id, patch_json }) => ({
        event_time,
        span_id,
        node: names.get(span_id),
        patch: patch_json,
      })),
      share,
    ),
    state_at_end: fit(workflow.junjo_wf_state_end, share),
  };
  return `{${Object.entries(fields)
    .map(([name, json]) => `"${name}":${json}`)
    .join(",\n")}}`;
}

const has_state = ({ junjo_wf_store_id, junjo_wf_state_start, junjo_wf_state_end }: Span): boolean =>
  (junjo_wf_store_id ?? junjo_wf_state_start ?? junjo_wf_state_end) !== null;

const name_of = ({ span_id, name, junjo_span_type: type }: Span) => ({ span_id, name, type });

/** A node of a subflow may change the state of the workflow around it: whose state it is says the store. */
const is_of = ({ patch_store_id, workflow_id }: Patch, { junjo_wf_store_id, junjo_id }: Span): boolean =>
  junjo_wf_store_id === null ? workflow_id === junjo_id : patch_store_id === junjo_wf_store_id;
