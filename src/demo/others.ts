import { DemoTrace } from "./trace.ts";

/** An order in a shop, over HTTP, through three services, whose payment may fail. */
export function checkout(start_ms: number, fails: boolean): DemoTrace {
  const trace = new DemoTrace(start_ms, "opentelemetry.instrumentation.http");
  const error = fails ? { error: "card declined" } : {};
  const root = trace.add("web-shop", {
    name: "POST /checkout",
    kind: "server",
    start_ms: 0,
    end_ms: 640,
    ...error,
    attributes: {
      "http.request.method": "POST",
      "http.route": "/checkout",
      "http.response.status_code": fails ? 402 : 200,
    },
  });
  trace.add("web-shop", {
    name: "SELECT carts",
    kind: "client",
    parent: root,
    start_ms: 8,
    end_ms: 31,
    attributes: { "db.system.name": "postgresql", "db.query.text": "SELECT * FROM carts WHERE id = $1" },
  });
  const call = trace.add("web-shop", {
    name: "POST",
    kind: "client",
    parent: root,
    start_ms: 40,
    end_ms: 610,
    ...error,
    attributes: { "http.request.method": "POST", "url.full": "http://payments/charge" },
  });
  const charge = trace.add("payments", {
    name: "POST /charge",
    kind: "server",
    parent: call,
    start_ms: 55,
    end_ms: 600,
    ...error,
    attributes: { "http.request.method": "POST", "http.route": "/charge" },
  });
  trace.add("payments", {
    name: "charge card",
    parent: charge,
    start_ms: 60,
    end_ms: 590,
    ...error,
    ...(fails && {
      events: [
        {
          name: "exception",
          at_ms: 588,
          attributes: { "exception.type": "CardDeclined", "exception.message": "card declined" },
        },
      ],
    }),
  });
  return trace;
}

const TURNS = [
  ["What is the tallest mountain in Europe?", "Elbrus, at 5,642 metres.", 61, 9, 0],
  ["And in Asia?", "Everest, at 8,849 metres.", 88, 8, 61],
  ["How much higher is that?", "3,207 metres.", 112, 6, 88],
] as const;

/** A conversation of three turns, each a trace of its own, by the conventions of gen_ai. */
export function conversation(start_ms: number): DemoTrace[] {
  const id = crypto.randomUUID();
  return TURNS.map(([question, answer, input, output, cached], turn) => {
    const trace = new DemoTrace(start_ms + turn * 9_000, "opentelemetry.instrumentation.anthropic");
    const history = TURNS.slice(0, turn).flatMap(([asked, said]) => [
      message("user", asked),
      message("assistant", said),
    ]);
    const root = trace.add("chat", { name: "POST /chat", kind: "server", start_ms: 0, end_ms: 1_420 });
    trace.add("chat", {
      name: "chat claude-sonnet-4-5",
      kind: "client",
      parent: root,
      start_ms: 12,
      end_ms: 1_400,
      attributes: {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.conversation.id": id,
        "gen_ai.request.model": "claude-sonnet-4-5",
        "gen_ai.response.model": "claude-sonnet-4-5-20250929",
        "gen_ai.request.max_tokens": 200,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.system_instructions": JSON.stringify([{ type: "text", content: "Answer in one sentence." }]),
        "gen_ai.input.messages": JSON.stringify([...history, message("user", question)]),
        "gen_ai.output.messages": JSON.stringify([{ ...message("assistant", answer), finish_reason: "stop" }]),
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": input,
        "gen_ai.usage.output_tokens": output,
        "gen_ai.usage.cache_read.input_tokens": cached,
      },
    });
    return trace;
  });
}

const message = (role: string, content: string) => ({ role, parts: [{ type: "text", content }] });
