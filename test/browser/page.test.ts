import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { accessibility_faults, open_browser, screenshot, type TestBrowser } from "../support/browser.ts";
import { start_test_api, type TestApi } from "../support/http.ts";
import { hex, int_value, new_id, span_init, text_attributes } from "../support/otlp.ts";

const CAPTURES = join(import.meta.dir, "..", "captures");
/** Captures are of this day. */
const RANGE = "since=2026-11-20T00:00:00Z&until=2026-11-27T00:00:00Z";

let api: TestApi;
let browser: TestBrowser;
beforeAll(async () => {
  [api, browser] = await Promise.all([start_test_api(), open_browser()]);
  for (const name of readdirSync(CAPTURES).filter((file) => file.endsWith(".pb"))) {
    await api.add_request(readFileSync(join(CAPTURES, name)));
  }
}, 60_000);
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

const open = async (path: string) => {
  const { page, errors } = await browser.open(`${api.url}${path}`);
  return { page, errors, [Symbol.asyncDispose]: () => page.close() };
};

async function a_trace(filter: string): Promise<string> {
  const response = await api.get(`/otel/traces?limit=1&filter=${encodeURIComponent(filter)}`);
  const { traces } = (await response.json()) as { traces: { trace_id: string }[] };
  return traces[0].trace_id;
}

describe("the services", () => {
  it("are there with their figures, and lead to their traces", async () => {
    await using opened = await open(`/services?${RANGE}`);
    const { page, errors } = opened;
    const row = page.getByRole("row", { name: /^junjo-0\.68\.0 / });
    await row.waitFor();
    expect(await row.textContent()).toContain("33.3%");
    expect(await page.getByRole("row").count()).toBeGreaterThan(15);
    expect(await accessibility_faults(page)).toEqual([]);
    await screenshot(page, "services");
    await row.getByRole("link").click();
    await page.waitForURL(/\/traces\?/);
    expect(await page.getByRole("combobox", { name: "Filter" }).inputValue()).toBe("root and service = junjo-0.68.0");
    await page.getByRole("listitem").first().waitFor();
    expect(await page.getByRole("listitem").count()).toBe(3);
    expect(errors).toEqual([]);
  }, 30_000);
});

describe("the traces", () => {
  it("are found by a filter that is completed while it is typed, and that the address keeps", async () => {
    await using opened = await open(`/traces?${RANGE}`);
    const { page, errors } = opened;
    const filter = page.getByRole("combobox", { name: "Filter" });
    await page.getByRole("listitem").first().waitFor();
    await filter.pressSequentially("sta");
    await page.getByRole("option", { name: /^status/ }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await filter.pressSequentially("= err");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    expect(await filter.inputValue()).toBe("status = error ");
    await page.keyboard.press("Enter");
    await page.waitForURL(/filter=status/);
    await page.getByText("1 failed").first().waitFor();
    expect(await accessibility_faults(page)).toEqual([]);
    await screenshot(page, "traces");
    await page.goBack();
    expect(await filter.inputValue()).toBe("");
    await page.goForward();
    expect((await filter.inputValue()).trim()).toBe("status = error");
    expect(errors).toEqual([]);
  }, 30_000);

  it("says what is wrong with a filter, and puts right what was meant", async () => {
    await using opened = await open(`/traces?${RANGE}`);
    const { page } = opened;
    const filter = page.getByRole("combobox", { name: "Filter" });
    await filter.fill("servce = go-grpc");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByRole("button", { name: "service" }).click();
    await page.waitForURL(/filter=service/);
    expect(await filter.inputValue()).toBe("service = go-grpc");
  }, 30_000);

  it("can be kept to a part of the time by dragging over their counts", async () => {
    await using opened = await open(`/traces?${RANGE}`);
    const { page } = opened;
    const over = page.locator(".u-over");
    await over.waitFor();
    const box = await over.boundingBox();
    if (box === null) throw new Error("the chart is not there");
    await page.mouse.move(box.x + box.width * 0.3, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.8, box.y + 20, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL((url) => !url.search.includes("2026-11-20"));
    expect(new URL(page.url()).searchParams.get("since")).toContain("2026-11-22");
  }, 30_000);

  it("come in by themselves when they are followed, and not when that is paused", async () => {
    await using opened = await open("/traces?filter=name%3Dfollowed&last=24h");
    const { page, errors } = opened;
    await page.getByText("No trace has such a span in this time.").waitFor();
    const following = page.waitForResponse(/\/otel\/tail/);
    await page.getByRole("button", { name: "Live" }).click();
    await following;
    const start = BigInt(Date.now()) * 1_000_000n;
    await api.add([span_init({ name: "followed", startTimeUnixNano: start, endTimeUnixNano: start + 5n })]);
    await page.getByRole("listitem").first().waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Live" }).waitFor();
    expect(errors).toEqual([]);
  }, 30_000);
});

describe("a trace", () => {
  it("shows its spans, what one of them says, and is used by keyboard alone", async () => {
    const trace_id = await a_trace("root service = web-shop name = checkout");
    await using opened = await open(`/traces/${trace_id}`);
    const { page, errors } = opened;
    const tree = page.getByRole("tree", { name: "Spans" });
    await tree.waitFor();
    expect(await page.getByRole("treeitem").count()).toBe(16);
    await tree.focus();
    await page.keyboard.press("ArrowDown");
    await page.waitForURL(/span=/);
    await page.keyboard.press("End");
    await page.getByRole("complementary").getByRole("heading").first().waitFor();
    expect(await page.getByRole("treeitem", { selected: true }).getAttribute("aria-posinset")).toBe("16");
    expect(await accessibility_faults(page)).toEqual([]);
    await screenshot(page, "trace");
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowLeft");
    const rows = page.getByRole("treeitem");
    await rows.nth(1).waitFor({ state: "detached" });
    expect(await rows.count()).toBe(1);
    await page.keyboard.press("ArrowRight");
    await rows.nth(15).waitFor();
    expect(await rows.count()).toBe(16);
    for (const tab of [/^Events/, /^Links/, "Resource", "Raw", "Attributes"]) {
      await page.getByRole("tab", { name: tab }).click();
    }
    await page.goBack();
    expect(errors).toEqual([]);
  }, 30_000);

  it("leaves out plumbing and finds spans, as the address says", async () => {
    const trace_id = await a_trace("root service = web-shop name = checkout");
    await using opened = await open(`/traces/${trace_id}`);
    const { page } = opened;
    await page.getByRole("button", { name: "Hide infrastructure" }).click();
    await page.waitForURL(/plumbing=hidden/);
    expect(await page.getByRole("treeitem").count()).toBeLessThan(16);
    await page.getByRole("searchbox", { name: "Find spans" }).fill("checkout");
    await page.waitForURL(/find=checkout/);
    expect(await page.locator(".span-row.is-found").count()).toBeGreaterThan(0);
  }, 30_000);

  it("says which parents have not arrived, and opens long texts whole", async () => {
    const traceId = new_id(16);
    const text = "a long answer ".repeat(2_000);
    await api.add([
      span_init({ traceId, parentSpanId: new_id(8), name: "orphan", attributes: text_attributes({ text }) }),
    ]);
    await using opened = await open(`/traces/${hex(traceId)}`);
    const { page } = opened;
    await page.getByText("1 parents have not arrived").waitFor();
    await page.getByRole("treeitem", { name: /orphan/ }).click();
    await page.getByRole("button", { name: "All 28,000 characters" }).click();
    expect((await page.locator(".long-text").first().textContent())?.length).toBe(text.length);
  }, 30_000);

  it("shows every digit of a long integer", async () => {
    const traceId = new_id(16);
    const attributes = [{ key: "order.id", value: int_value(9_007_199_254_740_993n) }];
    await api.add([span_init({ traceId, name: "an order", attributes })]);
    await using opened = await open(`/traces/${hex(traceId)}`);
    const { page, errors } = opened;
    await page.getByRole("treeitem", { name: /an order/ }).click();
    await page.getByRole("tabpanel").getByText("9007199254740993", { exact: true }).waitFor();
    await page.getByRole("tab", { name: "Raw" }).click();
    await page.getByText('"order.id": 9007199254740993').waitFor();
    expect(errors).toEqual([]);
  }, 30_000);

  it("of 10,000 spans draws the rows in sight alone", async () => {
    const traceId = new_id(16);
    const root = new_id(8);
    await api.add([span_init({ traceId, spanId: root, name: "root of many" })]);
    for (let batch = 0; batch < 10; batch++) {
      await api.add(
        Array.from({ length: 1_000 }, (_, i) =>
          span_init({ traceId, parentSpanId: root, name: `child ${batch * 1_000 + i}` }),
        ),
      );
    }
    await using opened = await open(`/traces/${hex(traceId)}`);
    const { page, errors } = opened;
    await page.getByText("10001 rows").waitFor();
    expect(await page.getByRole("treeitem").count()).toBeLessThan(100);
    await page.getByRole("tree", { name: "Spans" }).focus();
    await page.keyboard.press("End");
    await page.getByRole("treeitem", { name: /child 9999/ }).waitFor();
    expect(await page.getByRole("treeitem").count()).toBeLessThan(100);
    await screenshot(page, "trace-of-10000-spans");
    expect(errors).toEqual([]);
  }, 60_000);
});

describe("a server", () => {
  it("gives the page at its addresses, to browsers, and problems at those of the API", async () => {
    const get = (path: string, accept: string) => api.get(path, { headers: { accept } });
    for (const path of ["/", "/traces", "/runs/a/b", "/anything"]) {
      const response = await get(path, "text/html,*/*");
      expect([path, response.status]).toEqual([path, 200]);
      expect(response.headers.get("content-security-policy")).toContain("script-src 'self'");
      expect(await response.text()).toContain('<div id="page">');
    }
    for (const [path, accept] of [
      ["/traces", "application/json"],
      ["/otel/nothing", "text/html"],
      ["/api/nothing", "text/html"],
      ["/studio/nothing.js", "*/*"],
    ]) {
      expect([path, (await get(path, accept)).status]).toEqual([path, 404]);
    }
  });

  it("without a span says how to send the first one", async () => {
    await using empty = await start_test_api();
    const { page, errors } = await browser.open(empty.url);
    await page.getByRole("heading", { name: "Nothing has arrived yet" }).waitFor();
    for (const language of ["Node", "Go", "curl", "Python"]) {
      await page.getByRole("tab", { name: language }).click();
      expect(await page.locator("pre").textContent()).toContain(":4318");
    }
    expect(await accessibility_faults(page)).toEqual([]);
    await screenshot(page, "first-steps");
    expect(errors).toEqual([]);
    await page.close();
  }, 30_000);

  it("with keys asks for one and goes on with it", async () => {
    await using locked = await start_test_api({ api_keys: ["a-key-of-24-characters-ok"] });
    await locked.add([span_init({ name: "locked" })]);
    const { page } = await browser.open(`${locked.url}/traces`);
    await page.getByLabel("API key").fill("a-key-of-24-characters-ok");
    await page.getByRole("button", { name: "Use it" }).click();
    await page.getByRole("combobox", { name: "Filter" }).waitFor();
    await page.getByRole("alert").waitFor({ state: "detached" });
    await page.close();
  }, 30_000);
});
