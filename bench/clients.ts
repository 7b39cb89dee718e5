import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { as_bytes } from "../src/grpc/index.ts";

const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const RETRYABLE_HTTP = [429, 502, 503, 504];

/** Sends one request; false: it was not taken, and should be sent again. Rejects when that would be of no use. */
export type Send = (body: Uint8Array) => Promise<boolean>;

/** OTLP/HTTP. Bun keeps as many connections as there are requests under way. */
export const http_client =
  (url: string): Send =>
  async (body) => {
    const response = await fetch(url, { method: "POST", body, headers: { "content-type": "application/x-protobuf" } });
    await response.arrayBuffer();
    if (response.ok) return true;
    if (RETRYABLE_HTTP.includes(response.status)) return false;
    throw new Error(`HTTP ${response.status}`);
  };

/** OTLP/gRPC over a connection of its own. The bytes go as they are. */
export function grpc_client(address: string): Send {
  const options = { "grpc.use_local_subchannel_pool": 1, "grpc.max_send_message_length": -1 };
  const client = new Client(address, credentials.createInsecure(), options);
  const send = (body: Uint8Array) =>
    new Promise<ServiceError | null>((resolve) => {
      client.makeUnaryRequest(
        EXPORT,
        as_bytes,
        (bytes) => bytes,
        body,
        new Metadata(),
        (error) => resolve(error),
      );
    });
  return async (body) => {
    const error = await send(body);
    if (error === null) return true;
    if (error.code === status.UNAVAILABLE) return false;
    throw error;
  };
}
