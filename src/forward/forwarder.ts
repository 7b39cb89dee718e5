import { statSync } from "node:fs";
import type { Logger, Metrics } from "../observe/index.ts";
import { backoff_ms, type CursorFile, pause } from "../poll/index.ts";
import { open_wal_reader, queue_files, type Ulid, type WalEntry, type WalReader } from "../wal/index.ts";
import { send, type Sent } from "./send.ts";

export type ForwarderOptions = {
  /** Of the other side's OTLP/HTTP receiver, with or without a path. */
  url: string;
  headers: Readonly<Record<string, string>>;
  /** Of the queue. */
  directory: string;
  cursor: CursorFile;
  /** All up to this key was sent, refused or passed over. */
  on_done: (through: Ulid) => void;
  /** Size of the queue beyond which the oldest is passed over. */
  backlog_bytes_max: number;
  logger: Logger;
  metrics: Metrics;
};

export interface Forwarder extends AsyncDisposable {
  /** Something has landed in the queue. */
  wake(): void;
}

/** What is sent at once: receivers take a few megabytes. */
const REQUEST = { span_count_max: 8_192, bytes_max: 2 * 1024 * 1024 };
const LOOK_INTERVAL_MS = 1_000;
const BACKOFF = { initial_ms: 200, max_ms: 30_000 };
const TRACES_PATH = "/v1/traces";
/** What is passed over at once is this much more than has to be: not a little, again and again. */
const PASSED_OVER_MORE = 1.1;

export function start_forwarder(options: ForwarderOptions): Forwarder {
  return new ForwardLoop(options, open_wal_reader(options.directory));
}

class ForwardLoop implements Forwarder {
  private readonly stopping = new AbortController();
  private readonly url: string;
  /** Of the cursor: another collector begins at the oldest that is queued. */
  private readonly name: string;
  private readonly metrics;
  private readonly ended: Promise<void>;
  private position: Ulid | null;
  private failure_count = 0;
  private wake_waiting: () => void = () => undefined;

  constructor(
    private readonly options: ForwarderOptions,
    private readonly reader: WalReader,
  ) {
    const { url, cursor, metrics } = options;
    this.url = traces_url(url);
    this.name = `forward ${this.url}`;
    this.metrics = forward_metrics(metrics);
    this.position = cursor.get(this.name);
    if (this.position !== null) options.on_done(this.position);
    this.ended = this.run();
  }

  wake(): void {
    this.wake_waiting();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopping.abort();
    await this.ended;
    this.reader[Symbol.dispose]();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.turn(signal);
      } catch (error) {
        this.options.logger.error({ err: error }, "the queue could not be read to be forwarded; trying again for ever");
        await pause(BACKOFF.max_ms, signal);
      }
    }
  }

  private async turn(signal: AbortSignal): Promise<void> {
    const entries = this.reader.read(this.position, REQUEST);
    if (entries.length === 0) return this.wait(signal);
    const whole = entries.filter(({ is_damaged }) => !is_damaged);
    this.count("damaged", span_count_of(entries) - span_count_of(whole));
    const sent: Sent = whole.length === 0 ? NOTHING_TO_SEND : await this.send(whole, signal);
    if (signal.aborted) return;
    if (sent.outcome === "later") {
      await this.later(sent, signal);
      return;
    }
    // Which one is refused is found out one by one; the others are taken.
    if (sent.outcome === "refused" && !(await this.send_one_by_one(whole, signal))) return;
    if (sent.outcome === "taken") this.note_taken(whole, sent);
    if (this.failure_count > 0) this.options.logger.info({ url: this.url }, "forwarding works again");
    this.failure_count = 0;
    this.done(entries[entries.length - 1].last_key);
  }

  private send(entries: readonly WalEntry[], signal: AbortSignal): Promise<Sent> {
    // Requests one behind the other are one request.
    return send(this.url, this.options.headers, new Uint8Array(Buffer.concat(entries.map(({ body }) => body))), signal);
  }

  /** False: the rest has to wait. */
  private async send_one_by_one(entries: readonly WalEntry[], signal: AbortSignal): Promise<boolean> {
    for (const entry of entries) {
      const sent = await this.send([entry], signal);
      if (signal.aborted) return false;
      if (sent.outcome === "later") {
        await this.later(sent, signal);
        return false;
      }
      if (sent.outcome === "taken") this.note_taken([entry], sent);
      else {
        this.count("refused", entry.span_count);
        this.options.logger.error(
          { url: this.url, spans: entry.span_count, reason: sent.message },
          "spans were refused and not forwarded",
        );
      }
      this.done(entry.last_key);
    }
    return true;
  }

  private note_taken(
    entries: readonly WalEntry[],
    { rejected_spans, message }: Extract<Sent, { outcome: "taken" }>,
  ): void {
    this.count("sent", span_count_of(entries) - rejected_spans);
    this.count("refused", rejected_spans);
    if (rejected_spans > 0)
      this.options.logger.warn({ url: this.url, spans: rejected_spans, reason: message }, "some spans were refused");
  }

  private async later({ after_ms, message }: Extract<Sent, { outcome: "later" }>, signal: AbortSignal): Promise<void> {
    this.failure_count++;
    this.metrics.failures.inc();
    if (this.failure_count === 1)
      this.options.logger.warn({ url: this.url, reason: message }, "forwarding fails; trying again for ever");
    this.pass_over_if_too_much();
    await pause(Math.max(after_ms ?? 0, backoff_ms(this.failure_count, BACKOFF)), signal);
  }

  private pass_over_if_too_much(): void {
    const { directory, backlog_bytes_max, logger } = this.options;
    const queued_bytes = queue_files(directory).reduce(
      (sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
    let left_bytes = (queued_bytes - backlog_bytes_max) * PASSED_OVER_MORE;
    let spans = 0;
    while (left_bytes > 0) {
      const entries = this.reader.read(this.position, REQUEST);
      if (entries.length === 0) break;
      spans += span_count_of(entries);
      left_bytes -= entries.reduce((sum, { body }) => sum + body.length, 0);
      this.done(entries[entries.length - 1].last_key);
    }
    if (spans === 0) return;
    this.count("passed_over", spans);
    logger.error(
      { url: this.url, spans, queued_bytes },
      "the queue is too full of what could not be forwarded: the oldest was passed over",
    );
  }

  private done(through: Ulid): void {
    this.position = through;
    this.options.cursor.put(this.name, through);
    this.options.on_done(through);
  }

  private count(outcome: string, spans: number): void {
    if (spans > 0) this.metrics.spans.inc({ outcome }, spans);
  }

  private async wait(signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.wake_waiting = () => woken.abort();
    await pause(LOOK_INTERVAL_MS, AbortSignal.any([signal, woken.signal]));
  }
}

const NOTHING_TO_SEND: Sent = { outcome: "taken", rejected_spans: 0, message: "" };

const span_count_of = (entries: readonly WalEntry[]): number =>
  entries.reduce((sum, { span_count }) => sum + span_count, 0);

function traces_url(text: string): string {
  const url = new URL(text);
  if (url.pathname === "/") url.pathname = TRACES_PATH;
  return url.href;
}

function forward_metrics(metrics: Metrics) {
  return {
    spans: metrics.counter("forward_spans_total", "Spans by what became of them on their way to FORWARD_OTLP", [
      "outcome",
    ]),
    failures: metrics.counter("forward_failures_total", "Attempts to forward that are made again"),
  };
}
