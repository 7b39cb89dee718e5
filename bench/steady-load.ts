import { Requests } from "./requests.ts";

const SPANS_PER_REQUEST = 100;
const CONNECTIONS = 8;
const RETRY_PAUSE_MS = 200;

/** Unique requests at a constant rate, each sent again until it is acknowledged. */
export class SteadyLoad implements AsyncDisposable {
  acked_spans = 0;
  /** Times that a request was not taken. */
  refused_requests = 0;
  private latencies_ms: number[] = [];
  private next_request = 0;
  private is_stopped = false;
  private readonly began_ms = performance.now();
  private readonly requests: Requests;
  private readonly connections: Promise<void>[];

  constructor(
    private readonly url: string,
    private readonly spans_per_second: number,
  ) {
    this.requests = new Requests({
      spans_per_request: SPANS_PER_REQUEST,
      is_repeating: false,
      epoch_unix_nano: BigInt(Date.now() - 1_000) * 1_000_000n,
      step_nano: BigInt(Math.round((SPANS_PER_REQUEST * 1e9) / spans_per_second)),
    });
    this.connections = Array.from({ length: CONNECTIONS }, () => this.send_for_ever());
  }

  /** Those since the last call, ascending: from when a request was due to its acknowledgement. */
  take_latencies_ms(): number[] {
    return this.latencies_ms.splice(0).sort((a, b) => a - b);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.is_stopped = true;
    await Promise.all(this.connections);
  }

  private async send_for_ever(): Promise<void> {
    while (!this.is_stopped) {
      const number = this.next_request++;
      const due_ms = this.began_ms + (number * SPANS_PER_REQUEST * 1000) / this.spans_per_second;
      if (due_ms > performance.now()) await Bun.sleep(due_ms - performance.now());
      await this.send(number);
      this.latencies_ms.push(performance.now() - due_ms);
      this.acked_spans += SPANS_PER_REQUEST;
    }
  }

  private async send(number: number): Promise<void> {
    const body = this.requests.body(number);
    const headers = { "content-type": "application/x-protobuf" };
    for (;;) {
      const response = await fetch(this.url, { method: "POST", body, headers });
      await response.bytes();
      if (response.ok) return;
      this.refused_requests++;
      await Bun.sleep(RETRY_PAUSE_MS);
    }
  }
}
