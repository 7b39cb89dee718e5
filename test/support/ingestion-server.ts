import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Server, ServerCredentials, type ServerWritableStream } from "@grpc/grpc-js";
import {
  type ReadSpansRequest,
  ReadSpansRequestSchema,
  type ReadSpansResponse,
  ReadSpansResponseSchema,
} from "../../src/gen/ingestion/ingestion_pb.ts";
import { ResourceSchema } from "../../src/gen/opentelemetry/proto/resource/v1/resource_pb.ts";
import { SpanSchema } from "../../src/gen/opentelemetry/proto/trace/v1/trace_pb.ts";
import { type SpanInit, text_attributes } from "./otlp.ts";

export type QueuedSpan = { key: Uint8Array; span_bytes: Uint8Array; resource_bytes: Uint8Array };
export type ReadCall = ServerWritableStream<ReadSpansRequest, ReadSpansResponse>;

const SERVICE = {
  ReadSpans: {
    path: "/ingestion.InternalIngestionService/ReadSpans",
    requestStream: false,
    responseStream: true,
    requestSerialize: (message: ReadSpansRequest) => Buffer.from(toBinary(ReadSpansRequestSchema, message)),
    requestDeserialize: (bytes: Buffer) => fromBinary(ReadSpansRequestSchema, bytes),
    responseSerialize: (message: ReadSpansResponse) => Buffer.from(toBinary(ReadSpansResponseSchema, message)),
    responseDeserialize: (bytes: Buffer) => fromBinary(ReadSpansResponseSchema, bytes),
  },
} as const;

let last_key = 0;

/** A span as the Go ingestion service keeps it: the three fields of the contract, with a key above all before it. */
export function queued_span(span: SpanInit, service_name = "remote"): QueuedSpan {
  const key = new Uint8Array(16);
  new DataView(key.buffer).setUint32(12, ++last_key);
  return {
    key,
    span_bytes: toBinary(SpanSchema, create(SpanSchema, span)),
    resource_bytes: toBinary(
      ResourceSchema,
      create(ResourceSchema, { attributes: text_attributes({ "service.name": service_name }) }),
    ),
  };
}

/** A real gRPC server of the ingestion contract, whose queue and manners the test decides. */
export class IngestionServer implements AsyncDisposable {
  queue: QueuedSpan[] = [];
  /** Each request that came, in order. */
  readonly requests: { start_key: string; batch_size: number }[] = [];
  /** For each of them, the key up to which the reader says that it holds everything for good; "" if it says nothing. */
  readonly durable_keys: string[] = [];
  port = 0;
  private server = new Server();

  /** How a call is answered; by default as the contract says. */
  answer: (call: ReadCall) => void = (call) => {
    for (const span of this.after(call)) this.send(call, span);
    call.end();
  };

  static async start(port = 0): Promise<IngestionServer> {
    const server = new IngestionServer();
    await server.listen(port);
    return server;
  }

  async listen(port: number): Promise<void> {
    this.server = new Server();
    this.server.addService(SERVICE, {
      ReadSpans: (call: ReadCall) => {
        const start_key = Buffer.from(call.request.startKeyUlid).toString("hex");
        this.requests.push({ start_key, batch_size: call.request.batchSize });
        const [durable_key = ""] = call.metadata.get("junjo-traces-durable-key-bin");
        this.durable_keys.push(Buffer.from(durable_key).toString("hex"));
        this.answer(call);
      },
    });
    this.port = await new Promise<number>((resolve, reject) => {
      const address = `127.0.0.1:${port}`;
      const bound = (error: Error | null, got: number) => (error ? reject(error) : resolve(got));
      this.server.bindAsync(address, ServerCredentials.createInsecure(), bound);
    });
  }

  /** What the contract gives for a call: at most batch_size spans after its start key. */
  after({ request }: ReadCall): QueuedSpan[] {
    const start = Buffer.from(request.startKeyUlid);
    const newer = this.queue.filter(({ key }) => start.length === 0 || Buffer.compare(key, start) > 0);
    return newer.slice(0, request.batchSize);
  }

  send(call: ReadCall, { key, span_bytes, resource_bytes }: QueuedSpan): void {
    const init = { keyUlid: key, spanBytes: span_bytes, resourceBytes: resource_bytes };
    call.write(create(ReadSpansResponseSchema, init));
  }

  /** Drops every connection and stops listening. */
  stop(): void {
    this.server.forceShutdown();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }
}
