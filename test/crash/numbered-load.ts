import { PROTOBUF } from "../support/otlp-http.ts";
import { request_bytes, type SpanInit, text_attributes } from "../support/otlp.ts";
import type { SeededRandom } from "../support/seeded-random.ts";

const SPANS_PER_REQUEST_MAX = 20;
const ATTEMPT_MS_MAX = 1_500;
const PAUSE_MS = 8;
const STARTS_SHARE = 0.3;
/** Young enough to be kept. */
const EPOCH_UNIX_NANO = BigInt(Date.now() - 3_600_000) * 1_000_000n;
const RETRYABLE = [429, 502, 503, 504];

export const span_name = (number: number): string => `span ${number}`;
export const number_of = (name: string): number => Number(name.slice("span ".length));

/** `starts`: records that its spans have started, which go before some requests. */
type NumberedRequest = { numbers: number[]; starts: Uint8Array | null; body: Uint8Array };

/**
 * Senders of spans that are numbered from 0 on, each with one state patch. A request that isn't answered with yes is sent
 * again with the same bytes, until it is.
 */
export class NumberedLoad {
  readonly sent = new Set<number>();
  readonly acked = new Set<number>();
  /** Requests that were sent more than once. */
  retried_requests = 0;
  /** Attempts that were not answered with yes. */
  failed_attempts = 0;
  /** Answers that no server should give to a valid request. */
  readonly refusals: string[] = [];
  private url: string | null = null;
  private service = "";
  private next_number = 0;
  private sending = 0;
  private is_paused = true;
  private is_stopped = false;
  private readonly senders: Promise<void>[];

  constructor(
    private readonly random: SeededRandom,
    sender_count: number,
  ) {
    this.senders = Array.from({ length: sender_count }, () => this.send_for_ever());
  }

  /** Spans from now on are this service's. */
  begin(service: string): void {
    this.service = service;
    this.is_paused = false;
  }

  /** Where to send to; null: nowhere for now. */
  aim(url: string | null): void {
    this.url = url;
  }

  /** No new spans. What is on its way goes on. */
  pause(): void {
    this.is_paused = true;
  }

  /** Whether every span that was sent is acknowledged. */
  get is_idle(): boolean {
    return this.is_paused && this.sending === 0;
  }

  /** To be called when it is idle. */
  async stop(): Promise<void> {
    this.is_stopped = true;
    await Promise.all(this.senders);
  }

  private async send_for_ever(): Promise<void> {
    while (!this.is_stopped) {
      if (!this.is_paused) {
        this.sending++;
        await this.send_request(this.next_request());
        this.sending--;
      }
      await Bun.sleep(PAUSE_MS);
    }
  }

  private async send_request({ numbers, starts, body }: NumberedRequest): Promise<void> {
    if (starts !== null) await this.send(starts);
    for (const number of numbers) this.sent.add(number);
    if (await this.send(body)) for (const number of numbers) this.acked.add(number);
  }

  /** Until it is taken, or all is over: then it gives no. */
  private async send(body: Uint8Array): Promise<boolean> {
    for (let attempt = 0; !this.is_stopped; attempt++) {
      if (this.url !== null) {
        if (attempt > 0) this.retried_requests++;
        if (await this.is_taken(this.url, body)) return true;
        this.failed_attempts++;
      }
      await Bun.sleep(PAUSE_MS);
    }
    return false;
  }

  private async is_taken(url: string, body: Uint8Array): Promise<boolean> {
    try {
      const response = await fetch(`${url}/v1/traces`, {
        method: "POST",
        body,
        headers: { "content-type": PROTOBUF },
        signal: AbortSignal.timeout(ATTEMPT_MS_MAX),
      });
      await response.bytes();
      if (!response.ok && !RETRYABLE.includes(response.status)) this.refusals.push(`HTTP ${response.status}`);
      return response.ok;
    } catch {
      // Killed, stopped or not there: that is what is being tested.
      return false;
    }
  }

  private next_request(): NumberedRequest {
    const count = this.random.between(1, SPANS_PER_REQUEST_MAX);
    const numbers = Array.from({ length: count }, () => this.next_number++);
    const spans = numbers.map(numbered_span);
    const started = spans.map((span) => ({ ...span, endTimeUnixNano: 0n }));
    return {
      numbers,
      starts: this.random.chance(STARTS_SHARE) ? request_bytes(started, this.service) : null,
      body: request_bytes(spans, this.service),
    };
  }
}

function numbered_span(number: number): SpanInit {
  const time = EPOCH_UNIX_NANO + BigInt(number) * 1_000_000n;
  const patch = JSON.stringify([{ op: "replace", path: "/number", value: number }]);
  const attributes = text_attributes({ "junjo.state_json_patch": patch, "junjo.store.id": "store" });
  return {
    traceId: trace_id_of(number),
    spanId: id_of(number, 8),
    name: span_name(number),
    kind: 1,
    startTimeUnixNano: time,
    endTimeUnixNano: time + 500_000n,
    attributes: text_attributes({ "junjo.span_type": "node", text: "some text that takes room ".repeat(8) }),
    events: [{ name: "set_state", timeUnixNano: time, attributes }],
  };
}

export const trace_id_of = (number: number): Uint8Array => id_of(number, 16);

function id_of(number: number, byte_count: 8 | 16): Uint8Array {
  const id = new Uint8Array(byte_count).fill(0xc5);
  new DataView(id.buffer).setUint32(byte_count - 4, number);
  return id;
}
