import { count_text, duration_text } from "../lib/format.ts";
import { Value } from "../parts/value.tsx";
import type { RequestedToolCall } from "./tool-calls.ts";
import type { LlmCall, Message, MessagePart, TokenCounts } from "./types.ts";

type Props = {
  call: LlmCall;
  /** Of its trace; those of other calls are left out. */
  requested: readonly RequestedToolCall[];
  /** Null: not known. */
  cost: number | null;
};

/** A call of a language model as the conversation that it was, with what it took. */
export function CallView({ call, requested, cost }: Props) {
  const own = requested.filter(({ llm_span_id }) => llm_span_id === call.span_id);
  const models = [call.requested_model, call.answered_model].filter((model) => model !== null);
  return (
    <section className="llm-call" aria-label="Call of a language model">
      <p className="row faint">
        <span className="badge is-llm">{[...new Set(models)].join(" → ") || "unknown model"}</span>
        {call.provider !== null && <span>{call.provider}</span>}
        {call.duration_ns !== null && <span>{duration_text(call.duration_ns)}</span>}
        <span>{tokens_text(call.tokens)}</span>
        <span>cost {cost === null ? "unknown" : Number(cost.toPrecision(3))}</span>
        {call.finish_reasons.map((reason, index) => (
          <span key={index} className="badge">
            {reason}
          </span>
        ))}
      </p>
      {call.error !== null && <p className="notice is-error">{call.error}</p>}
      {call.input.length + call.output.length === 0 && <p className="faint">No messages were recorded.</p>}
      <Messages messages={call.input} executions={null} />
      <Messages messages={call.output} executions={own} />
      {Object.keys(call.settings).length > 0 && <Value value={call.settings} name="the settings" />}
      {call.tools.length > 0 && <p className="faint">Tools offered: {call.tools.map(({ name }) => name).join(", ")}</p>}
    </section>
  );
}

const COUNTS: readonly [keyof TokenCounts, string][] = [
  ["input", "in"],
  ["cached_input", "cached"],
  ["output", "out"],
  ["reasoning", "reasoning"],
  ["total", "in all"],
];

function tokens_text(tokens: TokenCounts): string {
  const known = COUNTS.flatMap(([name, word]) => {
    const count = tokens[name];
    return count === null ? [] : `${count_text(count)} ${word}`;
  });
  return known.length === 0 ? "tokens unknown" : `tokens: ${known.join(", ")}`;
}

type Executions = readonly RequestedToolCall[] | null;

function Messages({ messages, executions }: { messages: readonly Message[]; executions: Executions }) {
  return messages.map(({ role, parts }, index) => (
    <article key={index} className={`message is-${role}`}>
      <h3>{role}</h3>
      {parts.map((part, at) => (
        <Part key={at} part={part} executions={executions} />
      ))}
    </article>
  ));
}

function Part({ part, executions }: { part: MessagePart; executions: Executions }) {
  switch (part.type) {
    case "text":
      return <Value value={part.text} name="the text" />;
    case "reasoning":
      return (
        <details>
          <summary>Reasoning</summary>
          <Value value={part.text} name="the reasoning" />
        </details>
      );
    case "tool_call": {
      const asked = executions?.find(({ call }) => call === part.call);
      const word = asked?.execution ? "executed" : asked?.is_answered ? "answered" : "not executed";
      return (
        <div className="tool-call">
          <span className="mono">{part.call.name}</span> {asked && <span className="badge">{word}</span>}
          <Value value={part.call.arguments} name="the arguments" />
        </div>
      );
    }
    case "tool_result":
      return <Value value={part.result} name="the result" />;
    case "media":
      return <span className="mono">{part.uri ?? part.media_type ?? "media"}</span>;
    default:
      return <Value value={part.value} name="the message" />;
  }
}
