import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import type { SpanFilter } from "../filter/index.ts";
import * as questions from "../query/index.ts";
import type { Logger } from "../observe/index.ts";
import type { SpanStore } from "../store/index.ts";
import { trace_json } from "./trace-schemas.ts";

/** Whatever stands between closes what is silent for long; and a client that is gone is found out by writing to it. */
const HEARTBEAT_MS = 15_000;

/** What comes in, as server-sent events, for as long as the client listens. Throws StoreError `overloaded`. */
export function tail_response(context: Context, store: SpanStore, filter: SpanFilter | null, logger: Logger): Response {
  // Nobody would read what follows, or leave.
  if (context.req.method === "HEAD") return new Response(null, { headers: { "content-type": "text/event-stream" } });
  const leaving = new AbortController();
  const events = questions.tail(store, filter, leaving.signal);
  // Proxies that collect an answer before they pass it on are asked not to.
  context.header("x-accel-buffering", "no");
  const on_failure = (error: Error) => {
    logger.error({ err: error, path: context.req.path }, "following broke off");
    return Promise.resolve();
  };
  return streamSSE(
    context,
    async (stream) => {
      stream.onAbort(() => leaving.abort());
      const heartbeat = setInterval(() => void stream.write(": still here\n\n"), HEARTBEAT_MS);
      try {
        await stream.write(": following\n\n");
        for await (const event of events) {
          const data = event.kind === "traces" ? event.traces.map(trace_json) : null;
          await stream.writeSSE({ event: event.kind, data: JSON.stringify(data) });
        }
      } finally {
        clearInterval(heartbeat);
        leaving.abort();
      }
    },
    on_failure,
  );
}
