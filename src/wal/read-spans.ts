import { once } from "node:events";
import { fromBinary } from "@bufbuild/protobuf";
import { type ServerWritableStream, status } from "@grpc/grpc-js";
import { type AccessControl, DENIALS, presented_key } from "../access/index.ts";
import { ReadSpansRequestSchema } from "../gen/ingestion/ingestion_pb.ts";
import { type GrpcServer, header_of, server_streaming_method, start_grpc_server } from "../grpc/index.ts";
import type { Logger } from "../observe/index.ts";
import type { Certificates } from "../tls/index.ts";
import { length_delimited_bytes, put_length_delimited } from "../wire/index.ts";
import { split_request, type SpanParts } from "./split-request.ts";
import type { Wal, WalReader } from "./types.ts";
import { add_to_ulid, type Ulid, ulid_distance, ULID_BYTES, ulid_to_text } from "./ulid.ts";

/** The method of the ingestion contract that reads the queue. */
export const READ_SPANS_PATH = "/ingestion.InternalIngestionService/ReadSpans";
/** What a reader gets that asks for 0, and at most. */
const BATCH_SPANS_DEFAULT = 100;
const BATCH_SPANS_MAX = 10_000;
const REQUEST_BYTES_MAX = 64 * 1024;
/** Memory holds one entry at a time. */
const ONE_ENTRY = { span_count_max: 1, bytes_max: 1 };

/**
 * Metadata by which a reader says: everything up to this key (16 bytes) is held for good, its space may be given back.
 * A reader that doesn't send it never causes a trim, nor does any while the queue feeds a store of its own.
 */
export const DURABLE_KEY_METADATA = "junjo-traces-durable-key-bin";

export type ReadSpansOptions = {
  host: string;
  port: number;
  reader: WalReader;
  /** What a reader holds for good is trimmed. Null: some other store reads the queue too, and no reader may trim it. */
  wal: Pick<Wal, "trim"> | null;
  access: AccessControl;
  certificates: Certificates;
  logger: Logger;
};

type Call = ServerWritableStream<Uint8Array, Uint8Array>;

const DENIED = { unauthenticated: status.UNAUTHENTICATED, forbidden: status.PERMISSION_DENIED };

/** A request that can't be answered, with the status to say so. */
class CallError extends Error {
  constructor(
    readonly code: status,
    readonly details: string,
  ) {
    super(details);
  }
}

/** Serves the queue span by span to readers of the ingestion contract (proto/ingestion/ingestion.proto). */
export function serve_read_spans(options: ReadSpansOptions): Promise<GrpcServer> {
  const { host, port, certificates, logger } = options;
  const read_spans = (call: Call) => {
    answer(call, options).catch((error: unknown) => {
      if (!(error instanceof CallError)) logger.error({ err: error }, "ReadSpans failed");
      const { code, details } = error instanceof CallError ? error : { code: status.INTERNAL, details: String(error) };
      call.emit("error", { code, details });
    });
  };
  const definition = { ReadSpans: server_streaming_method(READ_SPANS_PATH) };
  return start_grpc_server({
    host,
    port,
    message_bytes_max: REQUEST_BYTES_MAX,
    certificates,
    services: [{ definition, implementation: { ReadSpans: read_spans } }],
  });
}

async function answer(call: Call, { reader, wal, access, logger }: ReadSpansOptions): Promise<void> {
  const decision = access.check(presented_key(header_of(call.metadata)), "read");
  if (decision !== "allowed") throw new CallError(DENIED[decision], DENIALS[decision]);
  const request = parse(call.request);
  const durable_key = call.metadata.get(DURABLE_KEY_METADATA)[0];
  if (durable_key !== undefined) wal?.trim(checked_key(DURABLE_KEY_METADATA, Buffer.from(durable_key)));
  const start_key = request.startKeyUlid.length === 0 ? null : checked_key("start_key_ulid", request.startKeyUlid);
  const span_count = Math.min(request.batchSize || BATCH_SPANS_DEFAULT, BATCH_SPANS_MAX);
  for (const response of responses_after(reader, start_key, span_count, logger)) {
    if (!call.write(response)) await drained(call);
    if (call.cancelled) return;
  }
  call.end();
}

/** At most `span_count` serialized ReadSpansResponses, of the spans behind `start_key`. */
function* responses_after(
  reader: WalReader,
  start_key: Ulid | null,
  span_count: number,
  logger: Logger,
): Generator<Uint8Array> {
  let left = span_count;
  let after = start_key;
  for (;;) {
    const [entry] = reader.read(after, ONE_ENTRY);
    if (entry === undefined) return;
    if (entry.is_damaged) {
      // The contract has no place for it, and bytes that happen to split would be spans that nobody has sent.
      logger.error({ key: ulid_to_text(entry.first_key) }, "an entry of the queue is damaged and passed over");
      after = entry.last_key;
      continue;
    }
    const read_already = after === null ? 0 : ulid_distance(entry.first_key, after) + 1;
    let index = 0;
    for (const parts of split_request(entry.body)) {
      if (index >= read_already) {
        if (left-- === 0) return;
        yield response_of(add_to_ulid(entry.first_key, index), entry.body, parts);
      }
      index++;
    }
    after = entry.last_key;
  }
}

function response_of(key: Ulid, body: Uint8Array, parts: SpanParts): Uint8Array {
  const contents = [
    key,
    ...[parts.span, parts.resource, parts.scope, parts.resource_schema_url, parts.scope_schema_url].map(
      ({ start, end }) => body.subarray(start, end),
    ),
  ];
  const response = new Uint8Array(
    contents.reduce((bytes, content) => bytes + length_delimited_bytes(content.length), 0),
  );
  contents.reduce((at, content, index) => put_length_delimited(response, at, index + 1, content), 0);
  return response;
}

function parse(bytes: Uint8Array) {
  try {
    return fromBinary(ReadSpansRequestSchema, bytes);
  } catch {
    throw new CallError(status.INVALID_ARGUMENT, "the message is not a ReadSpansRequest");
  }
}

function checked_key(name: string, key: Uint8Array): Ulid {
  if (key.length === ULID_BYTES) return key;
  throw new CallError(status.INVALID_ARGUMENT, `${name} has ${key.length} bytes, not ${ULID_BYTES}`);
}

/** Resolves when the reader has taken what was written, or has gone. */
async function drained(call: Call): Promise<void> {
  if (call.cancelled) return;
  const settled = new AbortController();
  const signal = settled.signal;
  try {
    await Promise.race([once(call, "drain", { signal }), once(call, "cancelled", { signal })]);
  } finally {
    settled.abort();
  }
}
