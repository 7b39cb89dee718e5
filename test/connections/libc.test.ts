import { readdirSync } from "node:fs";
import { once } from "node:events";
import { connect } from "node:net";
import { expect, it } from "bun:test";
import { connections_max } from "../../src/connections/index.ts";
import { open_sockets } from "../../src/connections/libc.ts";

/** Tests run on Linux. */
function sockets() {
  const opened = open_sockets();
  if (opened === null) throw new Error("no libc");
  return opened;
}

it("finds the open handles and the ends of those that are connections, and ends a connection", async () => {
  using found = sockets();
  using listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const socket = connect(listener.port, "127.0.0.1");
  await once(socket, "connect");
  // Reading the directory takes a handle, which is in it.
  const by_reading = readdirSync("/proc/self/fd").map(Number);
  const handles = found.handles();
  expect(by_reading).toEqual(expect.arrayContaining(handles));
  expect(by_reading.length - handles.length).toBeLessThanOrEqual(1);

  const accepted = handles.filter((handle) => found.ends_of(handle)?.local_port === listener.port);
  expect(accepted.map((handle) => found.ends_of(handle))).toEqual([
    { local_port: listener.port, remote_port: socket.localPort ?? 0 },
  ]);
  const closed = once(socket, "close");
  for (const handle of accepted) found.shut_down(handle);
  await closed;
});

it("says of handles that are no connections that they are none", () => {
  using found = sockets();
  expect([0, 1, 2, 1_000_000].map((handle) => found.ends_of(handle))).toEqual([null, null, null, null]);
});

it("leaves most of the file handles to others", () => {
  expect(connections_max()).toBeGreaterThan(10);
  expect(connections_max()).toBeLessThanOrEqual(1_024);
});
