import { checkout, conversation } from "./others.ts";
import type { DemoTrace } from "./trace.ts";
import { workflow_run } from "./workflow.ts";

/** The examples could not be sent: what the server said. */
export class DemoError extends Error {
  override readonly name = "DemoError";
}

const SEND_MS_MAX = 10_000;

/** Everything begins within the last minute and has ended. */
function demo_traces(now_ms: number): DemoTrace[] {
  const ago = (seconds: number) => now_ms - seconds * 1000;
  return [
    checkout(ago(58), false),
    workflow_run(ago(55), { question: "My parcel came broken, I want my money back.", is_refund: true }),
    ...conversation(ago(50)),
    checkout(ago(30), true),
    workflow_run(ago(25), { question: "Your driver was rude!", is_refund: false }),
    workflow_run(ago(15), { question: "Refund, please.", is_refund: true, error: "the model did not answer in time" }),
    checkout(ago(5), false),
  ];
}

/**
 * Sends examples to the OTLP/HTTP receiver at `url`: runs of a workflow, one of which fails, a conversation, orders in a shop.
 * Resolves with how many traces there were. Rejects with DemoError.
 */
export async function send_demo(url: string, api_key: string | null): Promise<number> {
  const traces = demo_traces(Date.now());
  for (const trace of traces) {
    const headers = { "content-type": "application/json", ...(api_key !== null && { "x-api-key": api_key }) };
    const body = JSON.stringify(trace.request());
    const request = { method: "POST", headers, body, signal: AbortSignal.timeout(SEND_MS_MAX) };
    const response = await fetch(new URL("/v1/traces", url), request).catch((cause: unknown) => {
      throw new DemoError(`no answer from ${url}: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      });
    });
    if (!response.ok) throw new DemoError(`${url} answered ${response.status}: ${await response.text()}`);
  }
  return traces.length;
}
