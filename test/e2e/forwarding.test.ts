import { expect, it } from "bun:test";
import { join } from "node:path";
import { request_bytes, span_init } from "../support/otlp.ts";
import { post_otlp } from "../support/otlp-http.ts";
import { poll_until } from "../support/poll-until.ts";
import { FROM_SOURCE, type ServerProcess, start_server } from "../support/server-process.ts";
import { temp_dir } from "../support/temp-dir.ts";

const send = async (server: ServerProcess, name: string) =>
  expect(
    (await post_otlp(`http://127.0.0.1:${server.ports.otlp_http}`, request_bytes([span_init({ name })], "forwarded")))
      .status,
  ).toBe(200);

const until_stored = (server: ServerProcess, names: readonly string[]) =>
  poll_until(
    async () => {
      const rows = (await (await server.get("/otel/service/forwarded/root_spans")).json()) as { name: string }[];
      const found = rows.map(({ name }) => name);
      return names.every((name) => found.includes(name)) && found.length === names.length;
    },
    { what: `${names.length} spans` },
  );

it("a server sends on what it acknowledged, through a kill and a collector that was away, and masked as it is stored", async () => {
  using directory = temp_dir();
  const data_dir = (name: string) => ({ DATA_DIR: join(directory.path, name) });
  let collector = await start_server(FROM_SOURCE, directory.path, data_dir("collector"));
  // It comes back at the same address.
  const { otlp_http } = collector.ports;
  const start_front = () =>
    start_server(FROM_SOURCE, directory.path, {
      ...data_dir("front"),
      FORWARD_OTLP: `http://127.0.0.1:${otlp_http}`,
      MASK_PATTERNS: "emails",
    });
  let front = await start_front();
  try {
    await send(front, "first of ada@example.org");
    await until_stored(collector, ["first of [emails]"]);

    await collector[Symbol.asyncDispose]();
    await send(front, "second");
    await front[Symbol.asyncDispose]();
    front = await start_front();
    await send(front, "third");
    collector = await start_server(FROM_SOURCE, directory.path, {
      ...data_dir("collector"),
      OTLP_HTTP_PORT: String(otlp_http),
    });
    await until_stored(collector, ["first of [emails]", "second", "third"]);
    await until_stored(front, ["first of [emails]", "second", "third"]);
  } finally {
    await front[Symbol.asyncDispose]();
    await collector[Symbol.asyncDispose]();
  }
}, 30_000);
