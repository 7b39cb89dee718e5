import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { accessibility_faults, open_browser, screenshot, type TestBrowser } from "../support/browser.ts";
import { start_test_api, type TestApi } from "../support/http.ts";

const CAPTURES = join(import.meta.dir, "..", "captures");

let api: TestApi;
let browser: TestBrowser;
beforeAll(async () => {
  [api, browser] = await Promise.all([
    start_test_api({ model_prices: [{ model: "gpt-*", input: 1, output: 2 }] }),
    open_browser(),
  ]);
  for (const name of readdirSync(CAPTURES).filter((file) => file.endsWith(".pb"))) {
    await api.add_request(readFileSync(join(CAPTURES, name)));
  }
}, 60_000);
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

type Found = { trace_id: string; matched_span_id: string; span_count: number };

async function found(filter: string): Promise<Found[]> {
  const response = await api.get(`/otel/traces?filter=${encodeURIComponent(filter)}`);
  return ((await response.json()) as { traces: Found[] }).traces;
}

const open = async (path: string) => {
  const { page, errors } = await browser.open(`${api.url}${path}`);
  return { page, errors, [Symbol.asyncDispose]: () => page.close() };
};

describe("a run of a workflow", () => {
  it.each(["junjo-0.41", "junjo-0.68.0"])(
    "of %s shows the path that was taken, and its state change by change",
    async (service) => {
      const runs = await found(`workflow and service = ${service} and name = "Chat Workflow"`);
      // The long one: the short message is not enriched.
      const [run] = runs.toSorted((a, b) => b.span_count - a.span_count);
      await using opened = await open(`/traces/${run.trace_id}`);
      const { page, errors } = opened;
      await page.getByRole("link", { name: /^workflow Chat Workflow/ }).click();
      await page.waitForURL(/\/runs\//);
      const graph = page.getByRole("region", { name: "Run of Chat Workflow" });
      for (const node of ["Intake", "Route", "FanOut", "Enrich", "Summarize", "Done"]) {
        await graph.getByText(node, { exact: true }).first().waitFor();
      }
      const changes = page.getByRole("listbox", { name: /^Changes of the store/ });
      await changes.focus();
      await page.getByRole("status").getByText("The record is complete").waitFor();
      await page.keyboard.press("End");
      await changes.getByRole("option", { name: /End/, selected: true }).waitFor();
      await page.getByRole("tabpanel").getByText("summary").first().waitFor();
      await page.keyboard.press("Home");
      await page.keyboard.press("ArrowDown");
      await page.waitForURL(/step=0/);
      await page.getByRole("cell", { name: "/length" }).waitFor();
      await page.keyboard.press("ArrowRight");
      await page.waitForURL(/tab=before/);
      expect(await accessibility_faults(page)).toEqual([]);
      await screenshot(page, `run-${service}`);
      await page.reload();
      await changes.getByRole("option", { name: /set_length/, selected: true }).waitFor();
      // What made the change is chosen everywhere.
      await page.getByRole("treeitem", { name: /Intake/, selected: true }).waitFor();
      await page.getByRole("button", { name: /Intake/, pressed: true }).waitFor();
      expect(errors).toEqual([]);
    },
    30_000,
  );

  it("shows one span in graph, tree, state and detail, wherever it was chosen", async () => {
    const runs = await found('workflow and service = junjo-0.68.0 and name = "Chat Workflow"');
    const [run] = runs.toSorted((a, b) => b.span_count - a.span_count);
    await using opened = await open(`/runs/${run.trace_id}/${run.matched_span_id}`);
    const { page, errors } = opened;
    const is_chosen = async (name: string) => {
      await page.getByRole("treeitem", { name: new RegExp(name), selected: true }).waitFor();
      await page.getByRole("button", { name: new RegExp(`${name} ran`), pressed: true }).waitFor();
      await page.getByRole("complementary", { name: new RegExp(name) }).waitFor();
    };
    await page.getByRole("button", { name: /Summarize ran/ }).click();
    await is_chosen("Summarize");
    await page.waitForURL(/span=/);
    const tree = page.getByRole("tree", { name: "Spans of Chat Workflow" });
    await tree.getByRole("treeitem", { name: /lookup in Enrich/ }).waitFor();
    await tree.getByRole("treeitem", { name: /Intake/ }).click();
    await is_chosen("Intake");
    await page.getByRole("option", { selected: true, name: /Intake/ }).waitFor();
    await tree.focus();
    await page.keyboard.press("ArrowDown");
    await is_chosen("Route");
    await page.keyboard.press("Home");
    await tree.getByRole("treeitem", { name: /Chat Workflow/, selected: true }).waitFor();
    await page.keyboard.press("ArrowLeft");
    expect(await tree.getByRole("treeitem").count()).toBe(1);
    await page.keyboard.press("ArrowRight");
    await tree.getByRole("treeitem", { name: /Done/ }).first().waitFor();
    // What is below is chosen next, and from a leaf what it is in.
    await page.keyboard.press("ArrowRight");
    await is_chosen("Intake");
    await page.keyboard.press("ArrowLeft");
    await tree.getByRole("treeitem", { name: /Chat Workflow/, selected: true }).waitFor();
    await page.keyboard.press("ArrowLeft");
    await page.getByRole("button", { name: /ScoreA ran/ }).click();
    await is_chosen("ScoreA");
    await page.goBack();
    await page.getByRole("complementary").waitFor({ state: "detached" });
    await page.goForward();
    await is_chosen("ScoreA");
    await tree.focus();
    await page.keyboard.press("Enter");
    await is_chosen("ScoreA");
    expect(errors).toEqual([]);
  }, 30_000);

  it("that is not whole says what is missing", async () => {
    const [run] = await found('workflow and service = junjo-0.68.0 and name = "Failing Workflow"');
    await using opened = await open(`/runs/${run.trace_id}/${run.matched_span_id}`);
    await opened.page.getByText("Explode", { exact: true }).first().waitFor();
    await using nothing = await open(`/runs/${run.trace_id}/0000000000000001`);
    await nothing.page.getByText(/has no run of a workflow/).waitFor();
  }, 30_000);

  it("is compared with another one of the same workflow", async () => {
    const [first] = await found('workflow and service = junjo-0.68.0 and name = "Chat Workflow"');
    await using opened = await open(`/runs/${first.trace_id}/${first.matched_span_id}`);
    const { page, errors } = opened;
    await page.getByLabel("Compare with another run").selectOption({ index: 1 });
    await page.waitForURL(/\/compare\?/);
    await page.getByRole("heading", { name: "First difference" }).waitFor();
    expect(await page.getByRole("row").count()).toBeGreaterThan(4);
    await page.getByRole("row", { name: /^In all/ }).waitFor();
    expect(await accessibility_faults(page)).toEqual([]);
    await screenshot(page, "compare");
    expect(errors).toEqual([]);
  }, 30_000);
});

describe("a call of a language model", () => {
  it.each([
    ["OpenInference", "llm and span.llm.input_messages.0.message.content exists"],
    ["gen_ai", "llm and span.gen_ai.input.messages exists"],
  ])(
    "by %s is shown as a conversation",
    async (name, filter) => {
      const [call] = await found(filter);
      await using opened = await open(`/traces/${call.trace_id}?span=${call.matched_span_id}`);
      const { page, errors } = opened;
      await page.getByRole("tab", { name: "Model call", selected: true }).waitFor();
      const conversation = page.getByRole("region", { name: "Call of a language model" });
      await conversation.getByRole("heading", { name: "user" }).first().waitFor();
      expect(await conversation.textContent()).toMatch(/tokens|cost/);
      expect(await accessibility_faults(page)).toEqual([]);
      await screenshot(page, `llm-${name}`);
      expect(errors).toEqual([]);
    },
    30_000,
  );
});
