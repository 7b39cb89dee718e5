import { Link, useSearch } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { prices_question } from "../api/questions.ts";
import type { SpanEvent, SpanLink, SpanRow } from "../api/span-row.ts";
import { duration_text, time_text } from "../lib/format.ts";
import { time_search } from "../lib/time-range.ts";
import {
  cost_of,
  is_llm_call,
  type LlmCall,
  llm_call,
  llm_calls,
  requested_tool_calls,
  tool_executions,
} from "../llm/index.ts";
import { CallView } from "../llm/call-view.tsx";
import { stringify_exactly } from "../model/exact-json.ts";
import { event_unix_nano, start_unix_nano } from "../model/span-row.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { PendingBadge } from "../parts/running-now.tsx";
import { Value } from "../parts/value.tsx";
import { trace_tree } from "./tree.ts";

const STATUS: Record<string, string | undefined> = { "0": "unset", "1": "ok", "2": "error" };

type Tab = "conversation" | "attributes" | "events" | "links" | "resource" | "raw";

/** `spans`: all of its trace. */
type Props = { span: SpanRow; spans: readonly SpanRow[]; on_close: () => void };

/** All that a span says. */
export function SpanPanel({ span, spans, on_close }: Props) {
  const [wanted_tab, set_tab] = useState<Tab>("conversation");
  const call = useMemo(() => (is_llm_call(span) ? llm_call(span) : null), [span]);
  const tab = wanted_tab === "conversation" && call === null ? "attributes" : wanted_tab;
  const tabs: [Tab, string][] = [
    ...(call === null ? [] : ([["conversation", "Model call"]] satisfies [Tab, string][])),
    ["attributes", "Attributes"],
    ["events", `Events (${span.events_json.length})`],
    ["links", `Links (${span.links_json.length})`],
    ["resource", "Resource"],
    ["raw", "Raw"],
  ];
  const { duration_ns } = trace_tree([span]);
  return (
    <aside className="panel" aria-label={`Span ${span.name}`}>
      <div className="row spread">
        <h2>{span.name}</h2>
        <button type="button" onClick={on_close}>
          Close
        </button>
      </div>
      <dl>
        <dt>Status</dt>
        <dd>
          <span className={span.status_code === "2" ? "badge is-error" : "badge"}>
            {STATUS[span.status_code] ?? span.status_code}
          </span>{" "}
          {span.status_message}
        </dd>
        <dt>Start</dt>
        <dd>{time_text(span.start_time)}</dd>
        <dt>Duration</dt>
        <dd>
          {span.pending !== "never_ended" && duration_text(duration_ns)}{" "}
          {span.pending && <PendingBadge state={span.pending} />}
        </dd>
        <dt>Service, kind</dt>
        <dd>
          {span.service_name}, {span.kind.toLowerCase()}
        </dd>
        <dt>Span id</dt>
        <dd className="mono">
          {span.span_id} <CopyButton text={span.span_id} what="the span id" />
        </dd>
      </dl>
      <div className="tabs" role="tablist" aria-label="Of the span">
        {tabs.map(([name, label]) => (
          <button
            key={name}
            id={`tab-${name}`}
            type="button"
            role="tab"
            aria-selected={name === tab}
            aria-controls="span-content"
            onClick={() => set_tab(name)}
          >
            {label}
          </button>
        ))}
      </div>
      <div id="span-content" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === "conversation" && call !== null && <ModelCall call={call} spans={spans} />}
        {tab === "attributes" && <Attributes attributes={attributes_of(span)} />}
        {tab === "events" && span.events_json.map((event, index) => <Event key={index} event={event} span={span} />)}
        {tab === "links" && span.links_json.map((link, index) => <LinkedSpan key={index} link={link} />)}
        {tab === "resource" && <Resource span={span} />}
        {tab === "raw" && <Raw span={span} />}
      </div>
      <Dropped span={span} />
    </aside>
  );
}

function ModelCall({ call, spans }: { call: LlmCall; spans: readonly SpanRow[] }) {
  const search = time_search(useSearch({ strict: false }));
  const prices = useQuery(prices_question()).data ?? [];
  const requested = useMemo(() => requested_tool_calls(llm_calls(spans), tool_executions(spans)), [spans]);
  return (
    <>
      {call.conversation_id !== null && (
        <p>
          <Link to="/conversations/$conversation_id" params={{ conversation_id: call.conversation_id }} search={search}>
            The whole conversation
          </Link>
        </p>
      )}
      <CallView call={call} requested={requested} cost={cost_of(call, prices)} />
    </>
  );
}

/** With the Junjo attributes that have columns of their own. */
function attributes_of(span: SpanRow): Record<string, unknown> {
  const moved = {
    "junjo.id": span.junjo_id,
    "junjo.parent_id": span.junjo_parent_id,
    "junjo.span_type": span.junjo_span_type,
    "junjo.workflow.store.id": span.junjo_wf_store_id,
    "junjo.workflow.state.start": span.junjo_wf_state_start,
    "junjo.workflow.state.end": span.junjo_wf_state_end,
    "junjo.workflow.graph_structure": span.junjo_wf_graph_structure,
  };
  const sent = Object.entries(moved).filter(([, value]) => value !== null);
  return { ...Object.fromEntries(sent), ...span.attributes_json };
}

function Attributes({ attributes }: { attributes: Record<string, unknown> }) {
  const entries = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return <p className="faint">None.</p>;
  return (
    <dl>
      {entries.map(([key, value]) => (
        <div key={key} style={{ display: "contents" }}>
          <dt>{key}</dt>
          <dd>
            <Value value={value} name={key} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Event({ event, span }: { event: SpanEvent; span: SpanRow }) {
  return (
    <section>
      <h2>
        {event.name}{" "}
        <span className="faint">after {duration_text(Number(event_unix_nano(event) - start_unix_nano(span)))}</span>
      </h2>
      <Attributes attributes={event.attributes} />
    </section>
  );
}

function LinkedSpan({ link }: { link: SpanLink }) {
  const search = time_search(useSearch({ strict: false }));
  return (
    <section>
      <p className="mono">
        <Link to="/traces/$trace_id" params={{ trace_id: link.traceId }} search={{ ...search, span: link.spanId }}>
          {link.traceId}, span {link.spanId}
        </Link>
      </p>
      <Attributes attributes={link.attributes} />
    </section>
  );
}

function Resource({ span }: { span: SpanRow }) {
  return (
    <>
      <Attributes attributes={span.resource_attributes_json} />
      <h2>Scope</h2>
      <p>
        {span.scope_name} {span.scope_version}
      </p>
    </>
  );
}

function Raw({ span }: { span: SpanRow }) {
  const text = stringify_exactly(span, 2);
  return (
    <>
      <CopyButton text={text} what="the span as JSON" />
      <pre className="code" tabIndex={0}>
        {text}
      </pre>
    </>
  );
}

function Dropped({ span }: { span: SpanRow }) {
  const dropped = [
    [span.dropped_attributes_count, "attributes"],
    [span.dropped_events_count, "events"],
    [span.dropped_links_count, "links"],
  ].filter(([count]) => Number(count) > 0);
  if (dropped.length === 0) return null;
  return (
    <p className="badge is-warning">The SDK dropped {dropped.map(([count, what]) => `${count} ${what}`).join(", ")}.</p>
  );
}
