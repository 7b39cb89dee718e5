export type ServerEvent = { event: string; data: string };

/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) by fetch: the browser's own EventSource
 * sends no headers, and so no key. Ends when the server ends; rejects when it refuses or the signal is aborted.
 */
export async function* server_events(
  path: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  const response = await fetch(path, { headers: { ...headers, accept: "text/event-stream" }, signal });
  if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split(/\r?\n\r?\n/);
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = event_of(block);
      if (event !== null) yield event;
    }
  }
}

/** Null: a comment. */
export function event_of(block: string): ServerEvent | null {
  let event = "message";
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === "event") event = value;
    if (field === "data") data.push(value);
  }
  return data.length === 0 ? null : { event, data: data.join("\n") };
}
