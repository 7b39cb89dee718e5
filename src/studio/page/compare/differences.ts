import type { LlmCall, Message } from "../llm/index.ts";
import { json_changes } from "../model/json-diff.ts";
import { is_same } from "../model/json.ts";
import type { StateStep } from "../workflow/index.ts";
import type { Difference, DifferenceKind, ExecutionFacts } from "./types.ts";

type Place = Pick<Difference, "row" | "place">;

/** Ids of calls are made up anew in each run: what was called and what came back must be the same, not those. */
const without_ids = (messages: readonly Message[]) =>
  messages.map(({ role, parts }) => ({
    role,
    parts: parts.map((part) => {
      if (part.type === "tool_call") return { ...part, call: { name: part.call.name, arguments: part.call.arguments } };
      if (part.type === "tool_result") return { ...part, call_id: null };
      return part;
    }),
  }));

const prompt_of = ({ input, requested_model, settings }: LlmCall) => ({
  model: requested_model,
  settings,
  messages: without_ids(input),
});

/** What the model said, apart from the tools it called. */
const answer_of = ({ output }: LlmCall) =>
  without_ids(output).map(({ parts }) => parts.filter(({ type }) => type !== "tool_call"));

const change_of = ({ action, patch }: StateStep) => ({ action, patch });

/** Where two executions of a node differ, the cause of a difference before what it leads to. Of each kind the first. */
export function execution_differences(
  before: ExecutionFacts | null,
  after: ExecutionFacts | null,
  at: Place,
): Difference[] {
  const differ = (kind: DifferenceKind, detail: string, b: unknown, a: unknown): Difference => ({
    kind,
    ...at,
    detail,
    before: b,
    after: a,
  });
  if (!before || !after) {
    const detail = before ? "ran before, and not after" : "ran after, and not before";
    return [differ("path", detail, before?.execution.label ?? null, after?.execution.label ?? null)];
  }
  const first = <T>(kind: DifferenceKind, what: string, b: readonly T[], a: readonly T[]): Difference[] => {
    const index = Array.from({ length: Math.max(b.length, a.length) }).findIndex((_, i) => !is_same(b[i], a[i]));
    if (index < 0) return [];
    const [was, is] = [b[index] ?? null, a[index] ?? null];
    const where = json_changes(was, is)[0]?.path ?? "";
    const detail = was === null ? "only after" : is === null ? "only before" : `differs at ${where || "/"}`;
    return [differ(kind, `${what} ${index + 1} ${detail}`, was, is)];
  };
  const tools_of = ({ tool_calls }: ExecutionFacts) => tool_calls.map(({ name, arguments: args }) => ({ name, args }));
  const outcome = ({ execution: { status, error } }: ExecutionFacts) => ({ status, error });
  return [
    ...first("prompt", "prompt", before.calls.map(prompt_of), after.calls.map(prompt_of)),
    ...first("answer", "answer", before.calls.map(answer_of), after.calls.map(answer_of)),
    ...first("tool_call", "tool call", tools_of(before), tools_of(after)),
    ...first("state", "change", before.steps.map(change_of), after.steps.map(change_of)),
    ...(is_same(outcome(before), outcome(after))
      ? []
      : [differ("outcome", "ended otherwise", outcome(before), outcome(after))]),
  ];
}

/** Where the states differ that two runs began with. */
export function start_differences(before: unknown, after: unknown): Difference[] {
  const paths = json_changes(before, after).map(({ path }) => path || "/");
  if (paths.length === 0) return [];
  return [
    {
      kind: "state",
      row: null,
      place: "start",
      detail: `the start state differs at ${paths.join(", ")}`,
      before,
      after,
    },
  ];
}
