import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { SpanStore, StoreOptions } from "../../src/store/index.ts";
import { new_id, span_init, text_attributes } from "../support/otlp.ts";
import { poll_until } from "../support/poll-until.ts";
import { append_spans, open_test_store, page_rows } from "../support/store.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const ALL = { limit: null, offset: 0 };

let directory: TempDir;
beforeEach(() => {
  directory = temp_dir();
});
afterEach(() => directory[Symbol.dispose]());

const open = (options: Partial<StoreOptions>) => open_test_store(directory.path, options);

/** What `du` counts. */
const disk_bytes = () =>
  readdirSync(join(directory.path, "segments"), { recursive: true, encoding: "utf8" })
    .map((name) => statSync(join(directory.path, "segments", name)))
    .reduce((sum, file) => sum + (file.isFile() ? file.blocks * 512 : 0), 0);

/** A segment of spans of this name that began so many days ago. */
async function seal_spans(store: SpanStore, name: string, age_days: number, count = 3): Promise<void> {
  const start = BigInt(Date.now() - age_days * DAY_MS) * 1_000_000n;
  const spans = Array.from({ length: count }, () => {
    const text = Buffer.from(crypto.getRandomValues(new Uint8Array(1_500))).toString("base64");
    return span_init({ traceId: new_id(16), name, startTimeUnixNano: start, attributes: text_attributes({ text }) });
  });
  await append_spans(store, spans);
  await store.seal();
}

const names = async (store: SpanStore) =>
  [...new Set((await page_rows(store.list("roots", "shop", ALL))).map(({ name }) => String(name)))].sort();

describe("retention", () => {
  it("by days removes what began before, and gives the disk back", async () => {
    await using store = await open({ retention_days: 7 });
    for (const age_days of [30, 8, 6, 0]) await seal_spans(store, `${age_days} days`, age_days);
    await store.tidy();
    expect(await names(store)).toEqual(["0 days", "6 days"]);
    await poll_until(() => readdirSync(join(directory.path, "segments")).length === 2, { what: "two segments" });
  });

  it("counts a span from the future from when it was sealed", async () => {
    await using store = await open({ retention_days: 7 });
    await seal_spans(store, "future", -10_000);
    await store.tidy();
    expect(await names(store)).toEqual(["future"]);
  });

  it("by bytes removes the oldest until the rest fits", async () => {
    // Each segment takes about 1 MB, and is too large for one of these limits to be merged.
    await using store = await open({ retention_bytes: 3_500_000, hot_rows_max: 1_000 });
    for (let day = 6; day > 0; day--) await seal_spans(store, `${day} days`, day, 600);
    await store.tidy();
    await poll_until(() => disk_bytes() <= 3_600_000, { what: "the space" });
    expect(await names(store)).toEqual(["1 days", "2 days", "3 days"]);
  });

  it("removes nothing unless it is asked to", async () => {
    await using store = await open({});
    await seal_spans(store, "ancient", 10_000);
    await store.tidy();
    expect(await names(store)).toEqual(["ancient"]);
  });
});
