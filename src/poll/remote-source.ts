import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type ClientReadableStream, Client, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { LIMITS } from "../config/index.ts";
import {
  type ReadSpansResponse,
  ReadSpansRequestSchema,
  ReadSpansResponseSchema,
} from "../gen/ingestion/ingestion_pb.ts";
import { client_channel, type ClientTls } from "../tls/index.ts";
import { compare_ulids, DURABLE_KEY_METADATA, READ_SPANS_PATH, type Ulid, ULID_BYTES } from "../wal/index.ts";
import { pause } from "./backoff.ts";
import { request_of_response } from "./span-record.ts";
import { PollError, type SpanBatch, type SpanRecord, type SpanSource } from "./types.ts";

/** A batch grows up to this while the service keeps filling it. */
const BATCH_SIZE_MAX = 10_000;

export type RemoteSourceOptions = {
  host: string;
  port: number;
  api_key?: string | undefined;
  tls?: ClientTls | undefined;
  poll_interval_ms: number;
  batch_size: number;
  /** Time that one read may take. */
  deadline_ms: number;
  message_bytes_max: number;
};

/** An ingestion service elsewhere, read over gRPC (proto/ingestion). It connects on the first read, and again when it must. */
export const open_remote_source = (options: RemoteSourceOptions): SpanSource => new RemoteSource(options);

class RemoteSource implements SpanSource {
  readonly name: string;
  private readonly client: Client;
  private readonly metadata = new Metadata();
  private durable_key: Ulid | null = null;
  private batch_size: number;

  constructor(private readonly options: RemoteSourceOptions) {
    this.name = `${options.host}:${options.port}`;
    this.batch_size = options.batch_size;
    const channel = client_channel(options.host, options.tls);
    this.client = new Client(address(options), channel.credentials, {
      ...channel.options,
      "grpc.max_receive_message_length": options.message_bytes_max,
      "grpc.keepalive_time_ms": 30_000,
      "grpc.keepalive_timeout_ms": 10_000,
      // A service that comes back is found within seconds; the default grows to two minutes.
      "grpc.initial_reconnect_backoff_ms": 200,
      "grpc.max_reconnect_backoff_ms": 5_000,
    });
    if (options.api_key !== undefined) this.metadata.set("x-junjo-api-key", options.api_key);
  }

  async read(after: Ulid | null, signal: AbortSignal): Promise<SpanBatch> {
    const asked = this.batch_size;
    const records = await this.receive(after, asked, signal);
    const last_key = highest_key(records);
    if (records.length > 0 && (last_key === null || (after !== null && compare_ulids(last_key, after) <= 0))) {
      throw new PollError("no_progress", `${this.name} gave ${records.length} spans, none of them after the cursor`);
    }
    this.batch_size = records.length >= asked ? Math.min(asked * 2, BATCH_SIZE_MAX) : this.options.batch_size;
    // A service may have a limit of its own below what was asked, so a batch of the basic size counts as full.
    return { records, last_key, has_more: records.length >= this.options.batch_size };
  }

  wait(signal: AbortSignal): Promise<void> {
    return pause(this.options.poll_interval_ms, signal);
  }

  /** Sent along with reads that follow: a service that knows the header gives the space back, another passes over it. */
  release(through: Ulid): void {
    this.durable_key = through;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
  }

  /**
   * What arrives of one call. When it fails after some records, those are given: they are good, and the failure will
   * show again on the next call, when nothing stands before it.
   */
  private receive(after: Ulid | null, batch_size: number, signal: AbortSignal): Promise<SpanRecord[]> {
    const call = this.call(after, batch_size);
    const records: SpanRecord[] = [];
    let bytes = 0;
    return new Promise((resolve, reject) => {
      const cancel = () => call.cancel();
      if (signal.aborted) cancel();
      signal.addEventListener("abort", cancel);
      call.on("data", (response: ReadSpansResponse) => {
        const body = request_of_response(response);
        records.push({ first_key: response.keyUlid, last_key: response.keyUlid, body });
        bytes += body.length;
        if (bytes >= LIMITS.BATCH_BYTES_MAX) cancel();
      });
      const end = (error?: ServiceError) => {
        signal.removeEventListener("abort", cancel);
        if (signal.aborted) reject(new PollError("source_failed", "cancelled"));
        else if (error === undefined || records.length > 0) resolve(records);
        else
          reject(
            new PollError(
              error.code === status.UNAVAILABLE ? "unreachable" : "source_failed",
              `${this.name}: ${error.message}`,
            ),
          );
      };
      call.on("end", () => end());
      call.on("error", end);
    });
  }

  private call(after: Ulid | null, batch_size: number): ClientReadableStream<ReadSpansResponse> {
    const request = create(ReadSpansRequestSchema, { startKeyUlid: after ?? new Uint8Array(0), batchSize: batch_size });
    return this.client.makeServerStreamRequest(
      READ_SPANS_PATH,
      (message: typeof request) => Buffer.from(toBinary(ReadSpansRequestSchema, message)),
      (bytes) => fromBinary(ReadSpansResponseSchema, bytes),
      request,
      this.metadata_of(after),
      { deadline: Date.now() + this.options.deadline_ms },
    );
  }

  /** A store that has begun anew asks for what it once held: then it must not say that it holds that for good. */
  private metadata_of(after: Ulid | null): Metadata {
    const { durable_key, metadata } = this;
    if (durable_key === null || after === null || compare_ulids(after, durable_key) < 0) return metadata;
    const with_key = metadata.clone();
    with_key.set(DURABLE_KEY_METADATA, Buffer.from(durable_key));
    return with_key;
  }
}

const address = ({ host, port }: RemoteSourceOptions): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

function highest_key(records: readonly SpanRecord[]): Ulid | null {
  const keys = records.map(({ last_key }) => last_key).filter((key) => key.length === ULID_BYTES);
  return keys.reduce<Ulid | null>(
    (highest, key) => (highest && compare_ulids(highest, key) >= 0 ? highest : key),
    null,
  );
}
