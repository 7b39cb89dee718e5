// bun bench/page.ts [--binary]: how soon the page is there, and whether a waterfall of 10,000 spans scrolls without dropping
// frames, in Debian's chromium without a window. Prints the latter beside what the shortest list of as many rows drops in the
// same browser.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Browser, chromium, type Page } from "playwright-core";
import { ensure_chromium } from "../scripts/chromium.ts";
import { poll_until } from "../test/support/poll-until.ts";
import { send_demo, send_large_trace } from "./page-load.ts";
import { PLAIN_LIST, PLAIN_LIST_SCRIPT } from "./plain-list.ts";
import { start_program } from "./processes.ts";
import { cells, head, line } from "./table.ts";

const TIMES = 5;
const SIZE = { width: 1400, height: 850 };
const SCROLL_TURNS = 3;
const SCROLL_STEPS = 180;
/** A click of a wheel. */
const BY_HAND_PIXELS = 100;
/** From the top of 10,000 rows to their end. */
const FLUNG_PIXELS = 1_440;
const LONG_FRAME_MS = 20;
const VERY_LONG_FRAME_MS = 50;

const { values } = parseArgs({ options: { binary: { type: "boolean", default: false } } });
const directory = mkdtempSync(join(tmpdir(), "junjo-traces-page-"));
try {
  await using server = await start_program("serve", directory, values.binary);
  const url = `http://127.0.0.1:${server.ports.http}`;
  const large_trace_id = await send_large_trace(server.ports.otlp_http);
  const run_path = await send_demo(url, server.ports.otlp_http);
  const browser = await chromium.launch({ executablePath: await ensure_chromium(), args: ["--no-sandbox"] });
  try {
    await print_first_paints(browser, [
      ["services", `${url}/services`, "role=row"],
      ["traces", `${url}/traces`, "role=listitem"],
      ["a trace of 10,000 spans", `${url}/traces/${large_trace_id}`, "role=treeitem"],
      ["a run", `${url}${run_path}`, ".run-node"],
    ]);
    await print_scrolling(browser, `${url}/traces/${large_trace_id}`);
  } finally {
    await browser.close();
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit();

type View = readonly [name: string, url: string, first_row: string];

/** Each view in browser contexts of their own, that have nothing in their caches. */
async function print_first_paints(browser: Browser, views: readonly View[]): Promise<void> {
  head(["view", "first paint ms", "first row ms"]);
  for (const [name, url, first_row] of views) {
    const paints: number[] = [];
    const rows: number[] = [];
    for (let turn = 0; turn < TIMES; turn++) {
      const context = await browser.newContext({ viewport: SIZE });
      const page = await context.newPage();
      await page.goto(url);
      await page.locator(first_row).first().waitFor();
      rows.push(await page.evaluate<number>("performance.now()"));
      const paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime";
      paints.push(await page.evaluate<number>(paint));
      await context.close();
    }
    line([name, ...cells([median(paints), median(rows)], 0)]);
  }
  console.log();
}

/** Flung by turns, for what else the machine does takes frames of both. */
async function print_scrolling(browser: Browser, url: string): Promise<void> {
  head(["10,000 rows", "frames", `over ${LONG_FRAME_MS} ms`, `over ${VERY_LONG_FRAME_MS} ms`, "p50 ms", "p99 ms"]);
  const page = await browser.newPage({ viewport: SIZE });
  const [by_hand, flung, shortest]: number[][] = [[], [], []];
  for (let turn = 0; turn < SCROLL_TURNS; turn++) {
    for (const [frames_ms, step_pixels] of [[by_hand, BY_HAND_PIXELS] as const, [flung, FLUNG_PIXELS] as const]) {
      await page.goto(url);
      await page.locator("role=treeitem").first().waitFor();
      frames_ms.push(...(await frames_while_scrolling(page, ".waterfall", step_pixels)));
    }
    await page.goto("about:blank");
    await page.setContent(PLAIN_LIST);
    await page.evaluate(PLAIN_LIST_SCRIPT);
    shortest.push(...(await frames_while_scrolling(page, ".list", FLUNG_PIXELS)));
  }
  print_frames("the waterfall, by hand", by_hand);
  print_frames("the waterfall, flung", flung);
  print_frames("the shortest list, flung", shortest);
  await page.close();
  console.log();
}

/** The times between frames, in milliseconds, while the wheel takes `scroller` down from its top. */
async function frames_while_scrolling(page: Page, scroller: string, step_pixels: number): Promise<number[]> {
  const element = `document.querySelector("${scroller}")`;
  const height = await page.evaluate<number>(`${element}.scrollHeight - ${element}.clientHeight`);
  const end = Math.min(height, step_pixels * SCROLL_STEPS);
  await page.mouse.move(SIZE.width / 3, SIZE.height / 2);
  await page.evaluate(`
    window.frames_ms = [];
    const note = (now, last = now) => {
      if (last !== now) window.frames_ms.push(now - last);
      requestAnimationFrame((next) => note(next, now));
    };
    requestAnimationFrame((now) => note(now));`);
  for (let step = 0; step < SCROLL_STEPS; step++) await page.mouse.wheel(0, step_pixels);
  const frames_ms = await page.evaluate<number[]>("window.frames_ms");
  // Not by waitForFunction: the page's policy lets it look once.
  const is_at_end = () => page.evaluate<boolean>(`${element}.scrollTop > ${end - 1}`);
  await poll_until(is_at_end, { what: `the end of the way down ${scroller}` });
  return frames_ms;
}

function print_frames(name: string, frames_ms: readonly number[]): void {
  const sorted = frames_ms.toSorted((a, b) => a - b);
  const longer = (ms: number) => sorted.filter((frame_ms) => frame_ms > ms).length;
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  const counts = cells([sorted.length, longer(LONG_FRAME_MS), longer(VERY_LONG_FRAME_MS)], 0);
  line([name, ...counts, ...cells([at(0.5), at(0.99)], 1)]);
}

function median(numbers: readonly number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
