import { mkdirSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { ensure_chromium } from "../../scripts/chromium.ts";

const SCREENSHOTS = join(import.meta.dir, "..", "..", "dist", "screenshots");
const SIZE = { width: 1400, height: 850 };
/** The impacts of what axe-core calls a fault that keeps somebody out. */
const SERIOUS = ["serious", "critical"];

export type OpenPage = { page: Page; /** What the page has said is wrong. */ errors: string[] };

export type TestBrowser = AsyncDisposable & { open(url: string): Promise<OpenPage> };

/** A real browser, without a window. */
export async function open_browser(): Promise<TestBrowser> {
  const browser: Browser = await chromium.launch({ executablePath: await ensure_chromium(), args: ["--no-sandbox"] });
  return {
    async open(url) {
      const page = await browser.newPage({ viewport: SIZE });
      const errors: string[] = [];
      page.on("pageerror", ({ message }) => errors.push(message));
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      await page.goto(url);
      return { page, errors };
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** Kept for whoever looks at a run of the tests. */
export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

/** Faults by which somebody could not use the page, as axe-core finds them, in light and in dark. */
export async function accessibility_faults(page: Page): Promise<string[]> {
  const faults: string[] = [];
  for (const theme of ["light", "dark"]) {
    await page.evaluate(`document.documentElement.dataset.theme = "${theme}"`);
    // Not as a script element: the page's policy lets none in.
    await page.evaluate(axe.source);
    const found = await page.evaluate<axe.AxeResults>("axe.run()");
    for (const { id, impact, nodes } of found.violations) {
      if (SERIOUS.includes(impact ?? ""))
        faults.push(
          `${theme}: ${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ""}`).join("; ")}`,
        );
    }
  }
  return faults;
}
