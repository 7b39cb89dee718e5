import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, it } from "bun:test";
import { time_limit, within_deadline } from "../../src/store/duckdb/deadline.ts";
import { answer_select } from "../../src/store/duckdb/queries/sql.ts";
import { poll_until } from "../support/poll-until.ts";

const ENDLESS = "SELECT count(*) FROM range(1000000000000)";
const MS_MAX = 50;

let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeAll(async () => {
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

const expect_broken_off = async (work: () => Promise<unknown>) => {
  const late = await within_deadline(connection, MS_MAX, work).catch((error: unknown) => error);
  expect(late).toMatchObject({ code: "timeout", message: "the question took longer than 50 ms" });
  expect((await connection.runAndReadAll("SELECT 1")).getRows()).toEqual([[1]]);
};

it("what takes too long is broken off, and the connection is good for others", async () => {
  await expect_broken_off(() => connection.run(ENDLESS));
});

it("a SELECT that is broken off leaves no transaction behind", async () => {
  await expect_broken_off(() => answer_select(connection, ENDLESS));
  expect(await answer_select(connection, "SELECT 1")).toMatchObject({ rows: [[1]] });
});

it("what begins when time is up is broken off too", async () => {
  const began_ms = performance.now();
  await expect_broken_off(async () => {
    await connection.run("SELECT 1");
    await poll_until(() => performance.now() - began_ms > 3 * MS_MAX, { what: "the deadline" });
    await connection.run(ENDLESS);
  });
});

it("what is in time is given, and what fails otherwise says how", async () => {
  expect(await within_deadline(connection, 60_000, async () => "done")).toBe("done");
  const failing = within_deadline(connection, 60_000, () => connection.run("SELECT no_such_column"));
  expect(await failing.catch(String)).toContain("no_such_column");
});

it("work that is not DuckDB's is broken off where it asks for the time", async () => {
  const check_time = time_limit(MS_MAX);
  check_time();
  const thrown = await poll_until(
    () => {
      try {
        check_time();
        return undefined;
      } catch (error) {
        return error;
      }
    },
    { what: "the end of the time" },
  );
  expect(thrown).toMatchObject({ code: "timeout", message: "the question took longer than 50 ms" });
});
