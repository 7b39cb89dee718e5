import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { Client, credentials } from "@grpc/grpc-js";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { as_bytes } from "../../src/grpc/index.ts";
import { type Receivers, start_receivers } from "../support/receivers.ts";

const CAPTURES = join(import.meta.dir, "..", "captures");
const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

let receivers: Receivers;
let client: Client;
beforeAll(async () => {
  receivers = await start_receivers();
  client = new Client(receivers.grpc_address, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await receivers[Symbol.asyncDispose]();
});

async function post(body: Uint8Array, encoding: string): Promise<Uint8Array> {
  const headers = { "content-type": "application/x-protobuf", "content-encoding": encoding };
  const answer = await fetch(`${receivers.http_url}/v1/traces`, { method: "POST", headers, body });
  expect(answer.status).toBe(200);
  return answer.bytes();
}

function send(body: Uint8Array): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  client.makeUnaryRequest(
    EXPORT,
    as_bytes,
    (bytes) => bytes,
    body,
    (error, response) => {
      if (error) reject(error);
      else resolve(response ?? Buffer.alloc(0));
    },
  );
  return promise;
}

describe("what real clients sent", () => {
  for (const file of readdirSync(CAPTURES).filter((name) => name.endsWith(".pb"))) {
    it(`is taken whole and kept byte for byte: ${file}`, async () => {
      const body = readFileSync(join(CAPTURES, file));
      const before = receivers.bodies().length;
      const answers = [await post(body, "identity"), await post(gzipSync(body), "gzip"), await send(body)];
      for (const answer of answers) expect(answer).toHaveLength(0);
      const kept = receivers.bodies().slice(before);
      expect(kept.map((bytes) => body.equals(bytes))).toEqual([true, true, true]);
    });
  }
});
