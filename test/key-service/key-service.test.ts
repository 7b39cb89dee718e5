import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, status } from "@grpc/grpc-js";
import { ValidateApiKeyRequestSchema, ValidateApiKeyResponseSchema } from "../../src/gen/ingestion/ingestion_pb.ts";
import type { GrpcServer } from "../../src/grpc/index.ts";
import { start_key_service } from "../../src/key-service/index.ts";
import { access_with, PLAIN_TEXT } from "../support/access.ts";
import { FROM_SOURCE, start_server } from "../support/server-process.ts";
import { temp_dir } from "../support/temp-dir.ts";

async function ask(port: number, request: Uint8Array): Promise<boolean> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  client.makeUnaryRequest(
    "/ingestion.InternalAuthService/ValidateApiKey",
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes) => fromBinary(ValidateApiKeyResponseSchema, bytes).isValid,
    request,
    (error, answer) => (error ? reject(error) : resolve(answer ?? false)),
  );
  return promise.finally(() => client.close());
}

const is_valid = (port: number, apiKey: string) =>
  ask(port, toBinary(ValidateApiKeyRequestSchema, create(ValidateApiKeyRequestSchema, { apiKey })));

describe("ValidateApiKey", () => {
  let service: GrpcServer;
  beforeAll(async () => {
    const access = access_with(["both", "in:ingest", "out:read"]);
    service = await start_key_service({ host: "127.0.0.1", port: 0, access, certificates: PLAIN_TEXT });
  });
  afterAll(() => service[Symbol.asyncDispose]());

  it.each([
    ["both", true],
    ["in", true],
    ["out", false],
    ["else", false],
    ["", false],
  ])("says of %p: %p", async (key, expected) => {
    expect(await is_valid(service.port, key)).toBe(expected);
  });

  it("refuses what is not a request", () => {
    expect(ask(service.port, Uint8Array.of(0x0a, 0x7f))).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it("is served when it has a port", async () => {
    using dir = temp_dir();
    const env = { AUTH_GRPC_PORT: "0", API_KEYS: "good" };
    await using server = await start_server(FROM_SOURCE, dir.path, env);
    const port = server.ports.auth_grpc ?? 0;
    expect([await is_valid(port, "good"), await is_valid(port, "bad")]).toEqual([true, false]);
  });
});
