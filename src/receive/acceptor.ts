import type { Masker } from "../mask/index.ts";
import type { Logger, Metrics } from "../observe/index.ts";
import type { Wal } from "../wal/index.ts";
import { cut } from "./cut.ts";
import { ReceiveError } from "./error.ts";
import { FrameChecker } from "./frame.ts";
import { InFlight, type InFlightLimits } from "./in-flight.ts";
import { JsonToWire, parse_json } from "./json.ts";
import { partial_success_of, type PartialSuccess } from "./rejections.ts";
import { refuse_json_signal, refuse_signal, type SignalName } from "./signals.ts";

export type Protocol = "grpc" | "http_protobuf" | "http_json";

/** What both receivers do with a request, once they have its bytes. */
export class Acceptor {
  private readonly frames = new FrameChecker();
  private readonly json = new JsonToWire();
  private readonly metrics: ReturnType<typeof receive_metrics>;

  /** What is being read or answered, over both protocols. */
  readonly in_flight: InFlight;

  constructor(
    private readonly wal: Wal,
    private readonly logger: Logger,
    metrics: Metrics,
    limits: InFlightLimits,
    /** Null: all is stored as it was sent. */
    private readonly masker: Masker | null = null,
  ) {
    this.in_flight = new InFlight(limits, metrics);
    this.metrics = receive_metrics(metrics);
  }

  /**
   * Resolves once the request is durable, or was a signal that is not stored. What it resolves to says what was not
   * taken. Rejects with ReceiveError, and then nothing was.
   */
  async accept(signal: SignalName, protocol: Protocol, body: Uint8Array): Promise<PartialSuccess> {
    const observe_duration = this.metrics.ack_seconds.startTimer({ protocol });
    const answer = await (protocol === "http_json" ? this.accept_json(signal, body) : this.accept_wire(signal, body));
    observe_duration();
    this.metrics.received_bytes.inc({ protocol }, body.length);
    this.metrics.requests.inc({ protocol, outcome: answer.rejected_count === 0 ? "ok" : "partial_success" });
    return answer;
  }

  /** Counts a request that is refused, and gives the error to answer it with. */
  refuse(protocol: Protocol, error: unknown): ReceiveError {
    const refusal = ReceiveError.from(error);
    this.metrics.requests.inc({ protocol, outcome: refusal.code });
    if (refusal.code === "internal") this.logger.error({ err: refusal.cause }, "a request failed");
    return refusal;
  }

  private async accept_wire(signal: SignalName, body: Uint8Array): Promise<PartialSuccess> {
    return signal === "traces" ? this.append(body) : refuse_signal(signal, body);
  }

  private async accept_json(signal: SignalName, body: Uint8Array): Promise<PartialSuccess> {
    const request = parse_json(body);
    return signal === "traces" ? this.append(this.json.convert(request)) : refuse_json_signal(signal, request);
  }

  private async append(body: Uint8Array): Promise<PartialSuccess> {
    const frame = this.frames.check(body);
    const { span_count, cuts } = frame;
    const partial_success = partial_success_of(frame);
    if (span_count > 0) await this.wal.append(this.masked(cuts.length === 0 ? body : cut(body, cuts)), span_count);
    this.metrics.accepted_spans.inc(span_count);
    this.metrics.rejected_spans.inc(partial_success.rejected_count);
    return partial_success;
  }

  private masked(request: Uint8Array): Uint8Array {
    if (this.masker === null) return request;
    const { body, counts } = this.masker.mask(request);
    for (const [rule, count] of counts) this.metrics.masked_values.inc({ rule }, count);
    return body;
  }
}

function receive_metrics(metrics: Metrics) {
  return {
    requests: metrics.counter("receive_requests_total", "OTLP requests by what became of them", [
      "protocol",
      "outcome",
    ]),
    accepted_spans: metrics.counter("receive_accepted_spans_total", "Spans that were acknowledged"),
    rejected_spans: metrics.counter("receive_rejected_spans_total", "Spans that were refused by partial success"),
    masked_values: metrics.counter("receive_masked_values_total", "Values that were not stored as they were sent", [
      "rule",
    ]),
    received_bytes: metrics.counter("receive_bytes_total", "Bytes of answered requests, decompressed", ["protocol"]),
    ack_seconds: metrics.histogram("receive_ack_seconds", "Time from a whole request to its answer", ["protocol"]),
  };
}
