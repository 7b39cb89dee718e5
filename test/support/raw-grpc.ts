import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { fromBinary } from "@bufbuild/protobuf";
import { StatusSchema } from "../../src/gen/google/rpc/status_pb.ts";

export const EXPORT_TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

export type RawAnswer = { http_status: number; code: number; message: string; is_retryable: boolean };

export type RawCall = {
  /** Resolves when the bytes have been handed to the connection; flow control may hold them back. */
  write(bytes: Uint8Array): Promise<void>;
  end(): void;
  reset(): void;
  /** Rejects when the call ends without one. */
  readonly answer: Promise<RawAnswer>;
  /** Resolves when the stream is closed, by whichever end. */
  readonly closed: Promise<void>;
};

/** A gRPC client that sends what it is told to, good or bad. */
export class RawGrpc implements Disposable {
  private readonly session: ClientHttp2Session;

  constructor(address: string) {
    this.session = connect(`http://${address}`);
    this.session.on("error", () => undefined);
  }

  get is_closed(): boolean {
    return this.session.closed || this.session.destroyed;
  }

  call(headers: Record<string, string> = {}): RawCall {
    const stream = this.session.request({
      ":method": "POST",
      ":path": EXPORT_TRACES,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
    promise.catch(() => undefined);
    let http_status = 0;
    const look = (received: IncomingHttpHeaders) => {
      http_status ||= Number(received[":status"]);
      if (received["grpc-status"] !== undefined || http_status !== 200) resolve(answer_of(http_status, received));
    };
    stream.on("response", look).on("trailers", look);
    stream.on("error", reject);
    const closed = new Promise<void>((resolve_closed) => stream.on("close", () => resolve_closed()));
    stream.on("close", () => reject(new Error("the call ended without an answer")));
    stream.resume();
    return {
      write: (bytes) => new Promise((written) => stream.write(bytes, () => written())),
      end: () => void stream.end(),
      reset: () => stream.close(8),
      answer: promise,
      closed,
    };
  }

  /** Sends one whole request. */
  send(bytes: Uint8Array, headers: Record<string, string> = {}): Promise<RawAnswer> {
    const call = this.call(headers);
    void call.write(bytes);
    call.end();
    return call.answer;
  }

  [Symbol.dispose](): void {
    this.session.destroy();
  }
}

/** A message as it goes over the wire; by default with the length it has. */
export function framed(body: Uint8Array, { flag = 0, length = body.length } = {}): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flag, 0);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, body]);
}

function answer_of(http_status: number, headers: IncomingHttpHeaders): RawAnswer {
  const details = headers["grpc-status-details-bin"];
  const bytes = Buffer.from(typeof details === "string" ? details : "", "base64");
  return {
    http_status,
    code: Number(headers["grpc-status"]),
    message: decodeURI(String(headers["grpc-message"] ?? "")),
    is_retryable: fromBinary(StatusSchema, bytes).details.some(({ typeUrl }) => typeUrl.endsWith("RetryInfo")),
  };
}
