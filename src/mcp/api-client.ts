import { parse } from "lossless-json";

/** Something can't be asked. The message is for whoever did. */
export class McpError extends Error {
  override readonly name = "McpError";
}

export type ApiOptions = { url: string; api_key?: string | undefined };

type Query = Record<string, string | number | undefined>;
type Answer = { body: unknown; has_more: boolean };

/** The server breaks questions off after 30 seconds. */
const ANSWER_MS_MAX = 60_000;

/** What one answer may have: it is held in memory, and what a tool gives is a small part of it. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

/** Asks a server. Numbers of what it answers are LosslessNumbers. Rejects with McpError. */
export class ApiClient {
  private readonly base: string;
  private readonly headers: Record<string, string>;

  constructor({ url, api_key }: ApiOptions) {
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? "")) throw new McpError(`--url "${url}": expected an http URL`);
    this.base = url.replace(/\/+$/, "");
    this.headers = api_key === undefined ? {} : { "x-api-key": api_key };
  }

  async get(path: string, query: Query = {}): Promise<Answer> {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
    return this.ask(new Request(`${this.base}${path}?${parameters.toString()}`, { headers: this.headers }));
  }

  async sql(select: string): Promise<unknown> {
    const headers = { ...this.headers, "content-type": "application/json" };
    const body = JSON.stringify({ sql: select });
    return (await this.ask(new Request(`${this.base}/sql`, { method: "POST", body, headers }))).body;
  }

  private async ask(request: Request): Promise<Answer> {
    try {
      const response = await fetch(request, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
      const text = await text_of(response);
      if (!response.ok) throw new McpError(problem_of(response.status, text));
      return { body: parse(text), has_more: response.headers.get("link")?.includes('rel="next"') ?? false };
    } catch (cause) {
      if (cause instanceof McpError) throw cause;
      throw new McpError(`no answer from ${this.base}: ${message_of(cause)}`, { cause });
    }
  }
}

async function text_of(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > ANSWER_BYTES_MAX)
      throw new McpError(`the answer has more than ${ANSWER_BYTES_MAX} bytes: ask for less`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

/** What a problem document says, or whatever else was answered. */
function problem_of(status: number, text: string): string {
  try {
    const { title, detail } = JSON.parse(text) as { title: unknown; detail: unknown };
    return `${String(title)}: ${String(detail)}`;
  } catch {
    return `the server answered with status ${status}`;
  }
}

const message_of = (error: unknown): string => (error instanceof Error ? error.message : String(error));
