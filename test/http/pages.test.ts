import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { start_test_api, type TestApi } from "../support/http.ts";
import { hex, new_id, span_init, text_attributes } from "../support/otlp.ts";

const SPAN_COUNT = 7;
const SERVICE = "größe/日本語";
const TRACE_ID = new_id(16);

let api: TestApi;

beforeAll(async () => {
  api = await start_test_api();
  const attributes = text_attributes({ "junjo.span_type": "workflow", "openinference.span.kind": "LLM" });
  const start = (index: number) => 1_795_000_000_000_000_000n + BigInt(index) * 1_000n;
  const spans = Array.from({ length: SPAN_COUNT }, (_, index) =>
    span_init({ traceId: TRACE_ID, attributes, name: String(index), startTimeUnixNano: start(index) }),
  );
  await api.add(spans, SERVICE);
  await api.add([span_init()], "another");
  await api.add([span_init()], "one more");
});
afterAll(() => api[Symbol.asyncDispose]());

const segment = encodeURIComponent(SERVICE);
const PAGED = [
  `/otel/service/${segment}/root_spans`,
  `/otel/service/${segment}/root_spans_filtered`,
  `/otel/spans/type/workflow/${segment}`,
];
const WHOLE = [`/otel/trace/${hex(TRACE_ID)}/nested_spans`];

/** All pages from `path` on, by the Link headers. */
async function follow(path: string): Promise<{ pages: unknown[][]; paths: string[] }> {
  const pages: unknown[][] = [];
  const paths: string[] = [];
  for (let next: string | undefined = path; next !== undefined;) {
    const response = await api.get(next);
    expect(response.status).toBe(200);
    pages.push((await response.json()) as unknown[]);
    paths.push(next);
    next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1];
  }
  return { pages, paths };
}

const names = (pages: unknown[][]) => pages.flat().map((span) => (span as { name: string }).name);
const NEWEST_FIRST = Array.from({ length: SPAN_COUNT }, (_, index) => String(SPAN_COUNT - 1 - index));

describe.each([...PAGED, ...WHOLE])("%s", (path) => {
  it.each([1, 2, 3, 6, 7, 8, 10_000])("gives every row once in pages of %d", async (limit) => {
    const { pages } = await follow(`${path}?limit=${limit}`);
    expect(names(pages)).toEqual(NEWEST_FIRST);
    expect(pages).toHaveLength(Math.ceil(SPAN_COUNT / limit));
  });

  it("goes on by cursor, or by counting for whoever counts", async () => {
    const { paths: by_cursor } = await follow(`${path}?limit=3`);
    for (const next of by_cursor.slice(1)) expect(next).toMatch(/\?limit=3&cursor=[\w-]+$/);
    const { pages, paths: by_offset } = await follow(`${path}?limit=3&offset=0`);
    expect(by_offset).toEqual([0, 3, 6].map((offset) => `${path}?limit=3&offset=${offset}`));
    expect(names(pages)).toEqual(NEWEST_FIRST);
  });

  it("gives the spans that start in a range, both ends included", async () => {
    // Number 2 starts 2 µs after the first.
    const range = "since=2026-11-18T11:06:40.000002Z&until=2026-11-18T12:06:40.000004%2B01:00";
    expect(names((await follow(`${path}?limit=2&${range}`)).pages)).toEqual(["4", "3", "2"]);
    expect(names((await follow(`${path}?since=2026-11-18T11:06:40.000006999Z`)).pages)).toEqual(["6"]);
    expect(names((await follow(`${path}?until=2026-11-18T11:06:39.999999Z`)).pages)).toEqual([]);
  });

  it.each(["since=yesterday", "until=2026-11-18T11:06:40", "since=1795000000", "cursor=abc", "cursor="])(
    "refuses %s",
    async (query) => {
      const response = await api.get(`${path}?${query}`);
      expect(response.status).toBe(400);
      const [parameter] = query.split("=");
      const detail = expect.stringContaining("expected a ");
      expect(await response.json()).toMatchObject({ errors: [{ parameter, detail }] });
    },
  );

  it("passes over `offset` rows", async () => {
    expect(names((await follow(`${path}?limit=10&offset=5`)).pages)).toEqual(NEWEST_FIRST.slice(5));
    expect(names((await follow(`${path}?offset=${SPAN_COUNT - 1}`)).pages)).toEqual(NEWEST_FIRST.slice(-1));
  });

  it.each([SPAN_COUNT, SPAN_COUNT + 1, Number.MAX_SAFE_INTEGER])("is empty from row %d on", async (offset) => {
    const response = await api.get(`${path}?offset=${offset}`);
    expect(await response.text()).toBe("[]");
    expect(response.headers.has("link")).toBe(false);
  });

  it.each(["limit=0", "limit=10001", "limit=-1", "limit=1.5", "limit=1e3", "limit=", "limit=x", "limit=1&limit=2"])(
    "refuses %s",
    async (query) => {
      const response = await api.get(`${path}?${query}`);
      expect(response.status).toBe(400);
      const detail = "expected a whole number from 1 to 10000";
      expect(await response.json()).toMatchObject({ errors: [{ parameter: "limit", detail }] });
    },
  );

  it.each(["-1", "1.5", "", "x", "9007199254740992"])("refuses an offset of %p", async (offset) => {
    const response = await api.get(`${path}?offset=${offset}`);
    expect(response.status).toBe(400);
    const detail = "expected a whole number from 0 to 9007199254740991";
    expect(await response.json()).toMatchObject({ errors: [{ parameter: "offset", detail }] });
  });
});

describe("service names", () => {
  it("come all at once or in pages", async () => {
    const all = [["another", SERVICE, "one more"].toSorted()];
    expect((await follow("/otel/span_service_names")).pages).toEqual(all);
    expect((await follow("/otel/span_service_names?limit=1")).pages.flat()).toEqual(all.flat());
    expect((await follow("/otel/span_service_names?offset=3")).pages).toEqual([[]]);
  });
});

it("gives 500 rows of a list and all of a trace unless told otherwise", async () => {
  await using own = await start_test_api();
  const traceId = new_id(16);
  await own.add(
    Array.from({ length: 501 }, () => span_init({ traceId })),
    "many",
  );
  const list = await own.get("/otel/service/many/root_spans");
  expect(await list.json()).toHaveLength(500);
  expect(list.headers.get("link")).toStartWith("</otel/service/many/root_spans?limit=500&cursor=");
  const trace = await own.get(`/otel/trace/${hex(traceId)}/nested_spans`);
  expect(await trace.json()).toHaveLength(501);
  expect(trace.headers.has("link")).toBe(false);
});
