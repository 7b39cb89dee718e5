import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { accessibility_faults, open_browser, screenshot, type TestBrowser } from "../support/browser.ts";
import { start_test_api, type TestApi } from "../support/http.ts";
import { hex, new_id, type SpanInit, span_init } from "../support/otlp.ts";

const MINUTE_NS = 60_000_000_000n;

let api: TestApi;
let browser: TestBrowser;
beforeAll(async () => {
  [api, browser] = await Promise.all([start_test_api(), open_browser()]);
}, 60_000);
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

/** A span that began so many minutes ago and took a second. */
function begun(minutes: bigint, init: SpanInit): SpanInit {
  const startTimeUnixNano = BigInt(Date.now()) * 1_000_000n - minutes * MINUTE_NS;
  return span_init({ ...init, startTimeUnixNano, endTimeUnixNano: startTimeUnixNano + 1_000_000_000n });
}
const start_of = (span: SpanInit): SpanInit => ({ ...span, endTimeUnixNano: 0n });

describe("what has not ended", () => {
  it("is shown among the traces and as open bars in its trace, until its end arrives", async () => {
    const [traceId, spanId] = [new_id(16), new_id(8)];
    const run = begun(2n, { traceId, spanId, name: "a long run" });
    const step = begun(1n, { traceId, parentSpanId: spanId, name: "a step" });
    const died = begun(60n, { name: "a run that died" });
    await api.add([start_of(run), step, start_of(died), begun(20n, { name: "the next run" })]);
    const { page, errors } = await browser.open(`${api.url}/traces`);
    const running = page.getByRole("region", { name: "Not ended" });
    await running.getByText("started 2 minutes ago").waitFor();
    expect(await running.getByRole("listitem").allTextContents()).toEqual([
      expect.stringMatching(/^running.*a long run/),
      expect.stringMatching(/^never ended.*a run that died/),
    ]);
    expect(await accessibility_faults(page)).toEqual([]);
    await screenshot(page, "traces-running");

    await running.getByRole("link", { name: "a long run" }).click();
    await page.waitForURL((url) => url.pathname.endsWith(hex(traceId)));
    const bar = page.getByRole("treeitem", { name: /a long run/ });
    await bar.getByText("running").waitFor();
    expect(await bar.textContent()).toMatch(/2(\.\d+)?m$/);
    expect(
      await page
        .getByRole("treeitem", { name: /a step/ })
        .getByText("running")
        .count(),
    ).toBe(0);
    expect(await accessibility_faults(page)).toEqual([]);
    await screenshot(page, "trace-running");
    await api.add([run]);
    await bar.getByText("running").waitFor({ state: "detached" });
    await bar.getByText("1s").waitFor();
    expect(errors).toEqual([]);
    await page.close();
  }, 30_000);
});
