import { expect, it } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { ServerUnderTest } from "../crash/server.ts";
import { poll_until } from "../support/poll-until.ts";
import { send_spans } from "../support/sdk.ts";
import { temp_dir } from "../support/temp-dir.ts";

const AN_HOUR_BACK_MS = -3_600_000;

it("stores what comes after the queue was removed and the clock has stepped back", async () => {
  using dir = temp_dir();
  await using server = new ServerUnderTest(dir.path);
  const send_and_see = async (name: string) => {
    await send_spans(server.running.ports.otlp_http, "shop", [name]);
    const is_there = async () => {
      const rows = (await (await server.running.get("/otel/service/shop/root_spans")).json()) as { name: string }[];
      return rows.some((row) => row.name === name);
    };
    await poll_until(is_there, { what: name });
  };
  await server.start();
  await send_and_see("before");
  await server.end("SIGTERM");
  rmSync(join(dir.path, "wal"), { recursive: true });
  await server.start(AN_HOUR_BACK_MS);
  await send_and_see("after");
  expect(server.errors).toEqual([]);
}, 30_000);
