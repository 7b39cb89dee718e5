// The least a receiver can do, as a process of its own: takes the bodies and throws them away, or appends them to a file
// that is synced before the answer. Prints its port.
import { fdatasyncSync, openSync, writeSync } from "node:fs";

const path = process.argv[2];
const file = path === undefined ? null : openSync(path, "w");

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  maxRequestBodySize: 64 * 1024 * 1024,
  async fetch(request) {
    const body = new Uint8Array(await request.arrayBuffer());
    if (file !== null) {
      writeSync(file, body);
      fdatasyncSync(file);
    }
    return new Response(null, { headers: { "content-type": "application/x-protobuf" } });
  },
});
console.log(JSON.stringify({ port: server.port }));
