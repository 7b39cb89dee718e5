import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, type ClientReadableStream, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { join } from "node:path";
import {
  ReadSpansRequestSchema,
  type ReadSpansResponse,
  ReadSpansResponseSchema,
} from "../../src/gen/ingestion/ingestion_pb.ts";
import { ExportTraceServiceRequestSchema } from "../../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { InstrumentationScopeSchema } from "../../src/gen/opentelemetry/proto/common/v1/common_pb.ts";
import { ResourceSchema } from "../../src/gen/opentelemetry/proto/resource/v1/resource_pb.ts";
import { SpanSchema } from "../../src/gen/opentelemetry/proto/trace/v1/trace_pb.ts";
import { type GrpcServer } from "../../src/grpc/index.ts";
import { create_logger } from "../../src/observe/index.ts";
import {
  compare_ulids,
  DURABLE_KEY_METADATA,
  open_wal,
  open_wal_reader,
  serve_read_spans,
  type Wal,
  type WalReader,
} from "../../src/wal/index.ts";
import { access_with, PLAIN_TEXT } from "../support/access.ts";
import { request_bytes, span_init, text_attributes } from "../support/otlp.ts";
import { poll_until } from "../support/poll-until.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

const PATH = "/ingestion.InternalIngestionService/ReadSpans";

let dir: TempDir;
let wal: Wal;
let reader: WalReader;
let server: GrpcServer;
let client: Client;

async function start(api_keys: string[] = [], bytes_max = 1e9): Promise<void> {
  const directory = join(dir.path, "wal");
  wal = open_wal({ directory, bytes_max, disk_free_bytes_min: 0 });
  reader = open_wal_reader(directory);
  server = await serve_read_spans({
    host: "127.0.0.1",
    port: 0,
    reader,
    wal,
    access: access_with(api_keys),
    certificates: PLAIN_TEXT,
    logger: create_logger("silent"),
  });
  client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
}

beforeEach(async () => {
  dir = temp_dir();
  await start();
});

async function stop(): Promise<void> {
  client.close();
  await server[Symbol.asyncDispose]();
  reader[Symbol.dispose]();
  await wal[Symbol.asyncDispose]();
}

afterEach(async () => {
  await stop();
  dir[Symbol.dispose]();
});

type Ask = { startKeyUlid?: Uint8Array; batchSize?: number };

function call(ask: Ask = {}, metadata: Record<string, string | Buffer> = {}): ClientReadableStream<ReadSpansResponse> {
  const headers = new Metadata();
  for (const [name, value] of Object.entries(metadata)) headers.set(name, value);
  return client.makeServerStreamRequest(
    PATH,
    (request: Ask) => Buffer.from(toBinary(ReadSpansRequestSchema, create(ReadSpansRequestSchema, request))),
    (bytes) => fromBinary(ReadSpansResponseSchema, bytes),
    ask,
    headers,
  );
}

const read_spans = (ask: Ask = {}, metadata: Record<string, string | Buffer> = {}): Promise<ReadSpansResponse[]> =>
  Array.fromAsync(call(ask, metadata));

const outcome = (answer: Promise<unknown>): Promise<status> =>
  answer.then(
    () => status.OK,
    (error: ServiceError) => error.code,
  );

const named = (...names: string[]) => request_bytes(names.map((name) => span_init({ name })));
const names_of = (responses: ReadSpansResponse[]) =>
  responses.map(({ spanBytes }) => fromBinary(SpanSchema, spanBytes).name);

describe("ReadSpans", () => {
  it("gives each span with its own resource, scope and schema URLs", async () => {
    const request = create(ExportTraceServiceRequestSchema, {
      resourceSpans: ["shop", "bank"].map((name) => ({
        resource: { attributes: text_attributes({ "service.name": name }) },
        schemaUrl: `${name}/resource`,
        scopeSpans: ["a", "b"].map((scope) => ({
          scope: { name: `${name}.${scope}` },
          schemaUrl: `${name}/${scope}`,
          spans: [span_init({ name: `${name} ${scope} 1` }), span_init({ name: `${name} ${scope} 2` })],
        })),
      })),
    });
    await wal.append(toBinary(ExportTraceServiceRequestSchema, request), 8);
    const responses = await read_spans();
    const seen = responses.map((response) => ({
      span: fromBinary(SpanSchema, response.spanBytes),
      resource: fromBinary(ResourceSchema, response.resourceBytes),
      scope: fromBinary(InstrumentationScopeSchema, response.scopeBytes),
      urls: [response.resourceSchemaUrl, response.scopeSchemaUrl],
    }));
    expect(seen).toEqual(
      request.resourceSpans.flatMap(({ resource, schemaUrl: resource_url, scopeSpans }) =>
        scopeSpans.flatMap(({ scope, schemaUrl, spans }) =>
          spans.map((span) => ({ span, resource, scope, urls: [resource_url, schemaUrl] })),
        ),
      ) as typeof seen,
    );
  });

  it("finds the resource and the scope behind the spans on the wire", async () => {
    const [span] = [toBinary(SpanSchema, create(SpanSchema, span_init({ name: "early" })))];
    const field = (number: number, content: Uint8Array) =>
      Buffer.concat([Buffer.of(number * 8 + 2, content.length), content]);
    const scope_spans = Buffer.concat([field(2, span), field(1, field(1, Buffer.from("late scope")))]);
    const resource_spans = Buffer.concat([field(2, scope_spans), field(1, Buffer.of(0x10, 7))]);
    await wal.append(field(1, resource_spans), 1);
    const [response] = await read_spans();
    expect(fromBinary(ResourceSchema, response.resourceBytes).droppedAttributesCount).toBe(7);
    expect(fromBinary(InstrumentationScopeSchema, response.scopeBytes).name).toBe("late scope");
  });

  it("goes on behind any key, in the middle of a request too, and ends where there is no more", async () => {
    await wal.append(named("a", "b", "c"), 3);
    await wal.append(named("d", "e"), 2);
    const all = await read_spans();
    expect(names_of(all)).toEqual(["a", "b", "c", "d", "e"]);
    for (const [index, { keyUlid }] of all.entries()) {
      if (index > 0) expect(compare_ulids(keyUlid, all[index - 1].keyUlid)).toBeGreaterThan(0);
      expect(await read_spans({ startKeyUlid: keyUlid })).toEqual(all.slice(index + 1));
    }
  });

  it("gives as many as asked for, a hundred unless told otherwise, ten thousand at most", async () => {
    const many = Array.from({ length: 10_050 }, (_, i) => `${i}`);
    await wal.append(named(...many), many.length);
    const two = await read_spans({ batchSize: 2 });
    expect(names_of(two)).toEqual(["0", "1"]);
    expect(names_of(await read_spans({ batchSize: 3, startKeyUlid: two[1].keyUlid }))).toEqual(["2", "3", "4"]);
    expect(await read_spans({ batchSize: 0 })).toHaveLength(100);
    expect(names_of(await read_spans({ batchSize: 4_000_000_000 }))).toEqual(many.slice(0, 10_000));
  });

  it("gives nothing of an empty queue", async () => {
    expect(await read_spans()).toEqual([]);
    expect(await read_spans({ startKeyUlid: new Uint8Array(16).fill(9) })).toEqual([]);
  });

  it("refuses keys of another length and messages that it can't read", async () => {
    expect(await outcome(read_spans({ startKeyUlid: new Uint8Array(15) }))).toBe(status.INVALID_ARGUMENT);
    expect(await outcome(read_spans({}, { [DURABLE_KEY_METADATA]: Buffer.alloc(4) }))).toBe(status.INVALID_ARGUMENT);
    const garbage = client.makeServerStreamRequest(
      PATH,
      () => Buffer.from([0xff, 0xff]),
      (bytes) => bytes,
      null,
    );
    expect(await outcome(Array.fromAsync(garbage))).toBe(status.INVALID_ARGUMENT);
  });

  it("says that a record is broken, and not that there are no more", async () => {
    await wal.append(Buffer.from([0x0a, 0x05, 0x12]), 1);
    expect(await outcome(read_spans())).toBe(status.INTERNAL);
  });

  it("gives space back only as far as a reader says that it holds", async () => {
    await stop();
    // Each request has a segment of its own.
    await start([], 1_000);
    for (const names of [["a", "b"], ["c", "d"], ["e"]]) await wal.append(named(...names), names.length);
    const all = await read_spans();
    await read_spans({ startKeyUlid: all[4].keyUlid });
    expect(names_of(await read_spans())).toEqual(["a", "b", "c", "d", "e"]);
    await read_spans({ startKeyUlid: all[4].keyUlid }, { [DURABLE_KEY_METADATA]: Buffer.from(all[2].keyUlid) });
    await poll_until(async () => (await read_spans()).length === 3, { what: "the trim" });
    expect(names_of(await read_spans())).toEqual(["c", "d", "e"]);
  });

  it("stops reading when the caller goes away, and serves the next", async () => {
    const large = "x".repeat(100_000);
    for (let i = 0; i < 100; i++) await wal.append(named(large, large, large, large, large), 5);
    const cancelled = call({ batchSize: 500 });
    let received = 0;
    const ended = new Promise<ServiceError>((resolve) => cancelled.on("error", resolve));
    cancelled.on("data", () => {
      received++;
      cancelled.cancel();
    });
    expect((await ended).code).toBe(status.CANCELLED);
    expect(received).toBeLessThan(500);
    expect(await read_spans({ batchSize: 500 })).toHaveLength(500);
  });

  it("waits for a reader that is slow, and loses nothing", async () => {
    const large = "x".repeat(200_000);
    for (let i = 0; i < 50; i++) await wal.append(named(`${i}`, large), 2);
    const slow = call({ batchSize: 100 });
    const names: string[] = [];
    for await (const response of slow) {
      await new Promise(setImmediate);
      names.push(...names_of([response as ReadSpansResponse]));
    }
    expect(names.filter((name) => name !== large)).toEqual(Array.from({ length: 50 }, (_, i) => `${i}`));
  });
});

describe("ReadSpans with keys", () => {
  it("answers only who shows one", async () => {
    await stop();
    await start(["secret", "writer:ingest"]);
    expect(await outcome(read_spans())).toBe(status.UNAUTHENTICATED);
    expect(await outcome(read_spans({}, { "x-api-key": "wrong" }))).toBe(status.UNAUTHENTICATED);
    expect(await outcome(read_spans({}, { "x-api-key": "writer" }))).toBe(status.PERMISSION_DENIED);
    expect(await outcome(read_spans({}, { "x-junjo-api-key": "secret" }))).toBe(status.OK);
    expect(await outcome(read_spans({}, { authorization: "Bearer secret" }))).toBe(status.OK);
  });
});
