import { expect, it } from "bun:test";
import { start_http } from "../../src/http/index.ts";
import { create_metrics } from "../../src/observe/index.ts";
import { PLAIN_TEXT } from "../support/access.ts";
import { are_open, Flood } from "../support/flood.ts";
import { start_test_api } from "../support/http.ts";
import { poll_until } from "../support/poll-until.ts";

const CONNECTIONS_MAX = 6;

it("closes the newest of too many connections, and answers again when there are fewer", async () => {
  await using api = await start_test_api();
  const metrics = create_metrics();
  const dependencies = { ...api.dependencies, metrics, render_metrics: () => metrics.render() };
  const address = { host: "127.0.0.1", http_port: 0, certificates: PLAIN_TEXT, connections_max: CONNECTIONS_MAX };
  await using server = await start_http(address, dependencies);
  const has = async (line: string) => (await metrics.render()).includes(`junjo_traces_http_${line}\n`);

  using flood = new Flood(server.port);
  const first = flood.open(CONNECTIONS_MAX, "GET /healthz HTTP/1.1\r\nX-");
  await poll_until(() => has(`open_connections{listener="api"} ${CONNECTIONS_MAX}`), { what: "the first ones open" });
  const too_many = flood.open(50, "GET /healthz HTTP/1.1\r\nX-");
  await poll_until(() => are_open(too_many) === 0, { what: "the newest closed" });
  expect(are_open(first)).toBe(CONNECTIONS_MAX);
  expect(await has('refused_connections_total{listener="api"} 50')).toBe(true);

  flood.close();
  await poll_until(() => has('open_connections{listener="api"} 0'), { what: "none open" });
  expect((await fetch(`http://127.0.0.1:${server.port}/healthz`)).status).toBe(200);
});
