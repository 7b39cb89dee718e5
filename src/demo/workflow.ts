import { randomBytes } from "node:crypto";
import { type Attributes, DemoTrace } from "./trace.ts";

const SERVICE = "support-bot";

type Patch = { op: "add" | "replace"; path: string; value: unknown };
/** A question to the bot, and how it goes on. */
export type Ticket = { question: string; is_refund: boolean; error?: string };

const NODES = [
  "Intake",
  "Classify",
  "FindOrder",
  "DraftReply",
  "Outline",
  "Write",
  "Gather",
  "Escalate",
  "Review",
] as const;
type NodeName = (typeof NODES)[number];

/** A run of a Junjo workflow: a condition, a concurrent group with a subflow in it, calls of models and tools, and a state. */
export function workflow_run(start_ms: number, { question, is_refund, error }: Ticket): DemoTrace {
  const trace = new DemoTrace(start_ms, "junjo");
  const ids = Object.fromEntries(NODES.map((name) => [name, new_id()])) as Record<NodeName, string>;
  const [workflow_id, store_id, subflow_store_id] = [new_id(), new_id(), new_id()];
  const start = { question, topic: null, order: null, reply: null, needs_person: false };
  const order = { id: "A-1042", total: 59.9, delivered: true };
  const reply = "Your refund of 59.90 is on its way; it takes three to five days.";
  const end = is_refund
    ? { ...start, topic: "refund", order, ...(!error && { reply }) }
    : { ...start, topic: "complaint", needs_person: true };

  const set_state = (at_ms: number, action: string, patch: readonly Patch[], store = store_id) => ({
    name: "set_state",
    at_ms,
    attributes: {
      id: new_id(),
      "junjo.store.name": store === store_id ? "TicketStore" : "DraftStore",
      "junjo.store.id": store,
      "junjo.store.action": action,
      "junjo.state_json_patch": JSON.stringify(patch),
    },
  });
  const workflow = trace.add(SERVICE, {
    name: "Support Workflow",
    start_ms: 0,
    end_ms: is_refund ? 4_310 : 1_460,
    ...(error !== undefined && { error }),
    attributes: {
      "junjo.id": workflow_id,
      "junjo.span_type": "workflow",
      "junjo.workflow.store.id": store_id,
      "junjo.workflow.state.start": JSON.stringify(start),
      "junjo.workflow.state.end": JSON.stringify(end),
      "junjo.workflow.graph_structure": JSON.stringify(graph(ids)),
    },
  });
  const node = (
    name: NodeName,
    parent: string,
    parent_id: string,
    from: number,
    to: number,
    more: object = {},
    type = "node",
  ) =>
    trace.add(SERVICE, {
      name,
      parent,
      start_ms: from,
      end_ms: to,
      ...more,
      attributes: {
        "junjo.id": ids[name],
        "junjo.parent_id": parent_id,
        "junjo.span_type": type,
        ...(more as { attributes?: Attributes }).attributes,
      },
    });

  node("Intake", workflow, workflow_id, 4, 12, {});
  const classify = node("Classify", workflow, workflow_id, 14, 1_240, {
    events: [set_state(1_235, "set_topic", [{ op: "replace", path: "/topic", value: end.topic }])],
  });
  model_call(trace, classify, 20, 1_230, {
    messages: [
      ["system", "Say in one word what the customer wants: refund, complaint or other."],
      ["user", question],
      ["assistant", end.topic],
    ],
    tokens: [184, 2, 128],
  });
  if (!is_refund) {
    node("Escalate", workflow, workflow_id, 1_250, 1_450, {
      events: [set_state(1_440, "ask_person", [{ op: "replace", path: "/needs_person", value: true }])],
    });
    return trace;
  }
  const gather = node("Gather", workflow, workflow_id, 1_250, 4_120, {}, "run_concurrent");
  const find = node("FindOrder", gather, ids.Gather, 1_255, 1_700, {
    events: [set_state(1_690, "set_order", [{ op: "replace", path: "/order", value: order }])],
  });
  trace.add(SERVICE, {
    name: "find_order",
    parent: find,
    start_ms: 1_270,
    end_ms: 1_680,
    attributes: {
      "openinference.span.kind": "TOOL",
      "tool.name": "find_order",
      "tool_call.id": "call_1",
      "input.value": '{"customer":"c-77"}',
      "output.value": JSON.stringify(order),
    },
  });
  const draft = node(
    "DraftReply",
    gather,
    ids.Gather,
    1_260,
    4_110,
    {
      ...(error !== undefined && { error }),
      events:
        error === undefined ? [set_state(4_100, "set_reply", [{ op: "replace", path: "/reply", value: reply }])] : [],
      attributes: {
        "junjo.workflow.store.id": subflow_store_id,
        "junjo.workflow.parent_store.id": store_id,
        "junjo.workflow.state.start": '{"outline":[],"text":null}',
        "junjo.workflow.state.end": JSON.stringify({
          outline: ["thank", "refund", "when"],
          text: error === undefined ? reply : null,
        }),
        "junjo.workflow.graph_structure": JSON.stringify({
          v: 1,
          nodes: (["Outline", "Write"] as const).map((name) => graph_node(ids, name)),
          edges: [edge(ids, "Outline", "Write")],
        }),
      },
    },
    "subflow",
  );
  node("Outline", draft, ids.DraftReply, 1_265, 1_300, {
    events: [
      set_state(
        1_290,
        "set_outline",
        [{ op: "replace", path: "/outline", value: ["thank", "refund", "when"] }],
        subflow_store_id,
      ),
    ],
  });
  const write = node("Write", draft, ids.DraftReply, 1_310, 4_090, {
    ...(error !== undefined && { error }),
    events:
      error === undefined
        ? [set_state(4_080, "set_text", [{ op: "replace", path: "/text", value: reply }], subflow_store_id)]
        : [
            {
              name: "exception",
              at_ms: 4_080,
              attributes: { "exception.type": "TimeoutError", "exception.message": error },
            },
          ],
  });
  model_call(trace, write, 1_330, 4_070, {
    messages: [
      ["system", "Write a short, friendly reply."],
      ["user", question],
      ...(error === undefined ? ([["assistant", reply]] as const) : []),
    ],
    tokens: [412, error === undefined ? 31 : 0, 256],
    ...(error !== undefined && { error }),
    calls_tool: true,
  });
  if (error === undefined) node("Review", workflow, workflow_id, 4_130, 4_300);
  return trace;
}

type ModelCall = {
  messages: readonly (readonly [role: string, content: string])[];
  tokens: readonly [prompt: number, completion: number, cached: number];
  error?: string;
  calls_tool?: boolean;
};

function model_call(
  trace: DemoTrace,
  parent: string,
  from: number,
  to: number,
  { messages, tokens, error, calls_tool }: ModelCall,
): void {
  const attributes: Attributes = {
    "openinference.span.kind": "LLM",
    "llm.provider": "openai",
    "llm.model_name": "gpt-4.1-mini",
    "llm.invocation_parameters": '{"temperature":0.2,"max_tokens":300}',
    "llm.token_count.prompt": tokens[0],
    "llm.token_count.completion": tokens[1],
    "llm.token_count.total": tokens[0] + tokens[1],
    "llm.token_count.prompt_details.cache_read": tokens[2],
  };
  const input = messages.filter(([role]) => role !== "assistant");
  const output = messages.filter(([role]) => role === "assistant");
  for (const [side, of_side] of [
    ["input", input],
    ["output", output],
  ] as const) {
    for (const [index, [role, content]] of of_side.entries()) {
      attributes[`llm.${side}_messages.${index}.message.role`] = role;
      attributes[`llm.${side}_messages.${index}.message.content`] = content;
    }
  }
  if (calls_tool === true) {
    const message = `llm.input_messages.${input.length}.message`;
    attributes[`${message}.role`] = "assistant";
    attributes[`${message}.tool_calls.0.tool_call.id`] = "call_1";
    attributes[`${message}.tool_calls.0.tool_call.function.name`] = "find_order";
    attributes[`${message}.tool_calls.0.tool_call.function.arguments`] = '{"customer":"c-77"}';
  }
  trace.add(SERVICE, {
    name: "ChatCompletion",
    parent,
    start_ms: from,
    end_ms: to,
    attributes,
    ...(error !== undefined && { error }),
  });
}

const new_id = (): string => randomBytes(15).toString("base64url");

const graph_node = (ids: Record<NodeName, string>, name: NodeName) => ({ id: ids[name], type: name, label: name });

const edge = (ids: Record<NodeName, string>, from: NodeName, to: NodeName, condition: string | null = null) => ({
  id: `edge_${ids[from]}_${ids[to]}`,
  source: ids[from],
  target: ids[to],
  condition,
  type: "explicit",
  subflowId: null,
});

function graph(ids: Record<NodeName, string>): object {
  const gather = {
    id: ids.Gather,
    type: "RunConcurrent",
    label: "Gather",
    isSubgraph: true,
    children: [ids.FindOrder, ids.DraftReply],
  };
  const draft = {
    ...graph_node(ids, "DraftReply"),
    isSubflow: true,
    subflowSourceId: ids.Outline,
    subflowSinkId: ids.Write,
  };
  const plain = ["Intake", "Classify", "FindOrder", "Outline", "Write", "Escalate", "Review"] as const;
  return {
    v: 1,
    nodes: [...plain.map((name) => graph_node(ids, name)), gather, draft],
    edges: [
      edge(ids, "Intake", "Classify"),
      edge(ids, "Classify", "Gather", "IsRefund"),
      edge(ids, "Classify", "Escalate"),
      edge(ids, "Gather", "Review"),
      { ...edge(ids, "Outline", "Write"), type: "subflow", subflowId: ids.DraftReply },
    ],
  };
}
