import {
  Client,
  credentials,
  type sendUnaryData,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerUnaryCall,
} from "@grpc/grpc-js";
import { expect, it } from "bun:test";
import { as_bytes, unary_method } from "../../src/grpc/index.ts";
import { internals_of, listeners_of } from "../../src/grpc/private-api.ts";

const PATH = "/test.Test/Echo";

it("grpc-js has a call's bytes go through its decoder, and its message through decompressMessage", async () => {
  const seen: unknown[] = [];
  await using cleanup = new AsyncDisposableStack();
  const server = new Server({
    interceptors: [
      (_method, call) => {
        const inside = internals_of(call);
        const { decoder, decompressMessage } = inside;
        inside.decoder = {
          write: (data) => {
            seen.push(data.length);
            return decoder.write(data);
          },
        };
        inside.decompressMessage = (message, encoding) => {
          seen.push([message.toString("latin1"), encoding]);
          return decompressMessage(message, encoding);
        };
        expect(inside.stream.closed).toBe(false);
        return new ServerInterceptingCall(call);
      },
    ],
  });
  cleanup.defer(() => server.forceShutdown());
  server.addService(
    { Echo: unary_method(PATH) },
    { Echo: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => answer(null, call.request) },
  );
  const port = await new Promise<number>((resolve) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (_error, bound) => resolve(bound));
  });
  expect(() => listeners_of(server)).not.toThrow();
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  cleanup.defer(() => client.close());
  const echoed = await new Promise<Buffer | undefined>((resolve, reject) => {
    client.makeUnaryRequest(
      PATH,
      as_bytes,
      (bytes) => bytes,
      Buffer.from("hello"),
      (error, response) => (error ? reject(error) : resolve(response)),
    );
  });
  expect(echoed?.toString()).toBe("hello");
  expect(seen).toEqual([10, ["\0\0\0\0\x05hello", "identity"]]);
});

it("says so when a call or a server has another inside", () => {
  expect(() => listeners_of(new Server())).toThrow("src/grpc/private-api.ts");
  expect(() => internals_of({} as Parameters<typeof internals_of>[0])).toThrow("src/grpc/private-api.ts");
});
