import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { conversation_question, prices_question } from "../api/questions.ts";
import { time_text } from "../lib/format.ts";
import { time_search } from "../lib/time-range.ts";
import { conversations, cost_of, llm_calls, requested_tool_calls, tool_executions } from "../llm/index.ts";
import { CallView } from "../llm/call-view.tsx";
import { Failure } from "../parts/failure.tsx";
import { TokenTotals } from "../parts/token-totals.tsx";

/** The turns of one conversation, whichever traces they are in. */
export function ConversationView() {
  const { conversation_id } = useParams({ from: "/conversations/$conversation_id" });
  const search = time_search(useSearch({ strict: false }));
  const prices = useQuery(prices_question()).data ?? [];
  const { data: traces, error } = useQuery(conversation_question(conversation_id));
  const found = useMemo(() => {
    const all_calls = traces?.flatMap(llm_calls) ?? [];
    const conversation = conversations(all_calls).find(({ id }) => id === conversation_id);
    const executions = traces?.flatMap(tool_executions) ?? [];
    return { turns: conversation?.turns ?? [], requested: requested_tool_calls(all_calls, executions) };
  }, [traces, conversation_id]);
  if (error !== null)
    return (
      <main className="main">
        <Failure error={error} />
      </main>
    );
  if (traces === undefined) return <main className="main" aria-busy="true" />;
  const { turns, requested } = found;
  return (
    <main className="main">
      <h1>Conversation {conversation_id}</h1>
      <p className="row faint">
        <TokenTotals calls={turns.map(({ call }) => call)} prices={prices} />
      </p>
      {turns.length === 0 && <p className="notice">No call of a model says that it is part of it.</p>}
      {turns.map(({ call, new_input }, index) => (
        <section key={call.span_id} aria-label={`Turn ${index + 1}`}>
          <h2>
            Turn {index + 1}{" "}
            <Link
              to="/traces/$trace_id"
              params={{ trace_id: call.trace_id }}
              search={{ ...search, span: call.span_id }}
            >
              {time_text(call.span.start_time)}
            </Link>
          </h2>
          <CallView call={{ ...call, input: new_input }} requested={requested} cost={cost_of(call, prices)} />
        </section>
      ))}
    </main>
  );
}
