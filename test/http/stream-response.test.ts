import { describe, expect, it } from "bun:test";
import { Hono } from "hono";
import { encoded, stream_response } from "../../src/http/stream-response.ts";
import { create_logger } from "../../src/observe/index.ts";

const HEADERS = { "content-type": "application/json" };

/** An answer of so many texts, and what became of them. */
async function answer(texts: readonly string[], { method = "GET", failure_at = Infinity } = {}) {
  const state = { made: 0, is_closed: false };
  async function* made(): AsyncGenerator<string> {
    try {
      for (const text of texts) {
        if (state.made++ === failure_at) throw new Error("the disk is gone");
        yield text;
      }
    } finally {
      state.is_closed = true;
    }
  }
  const app = new Hono()
    .get("/", (context) => stream_response(context, encoded(made()), HEADERS, create_logger("silent")))
    .onError((error) => new Response(error.message, { status: 500 }));
  return { state, response: await app.request("/", { method }) };
}

const LONG = "ü".repeat(50_000);

describe("stream_response", () => {
  it("gives all texts in order", async () => {
    const texts = ["a", "b", LONG, "c", LONG, LONG, "d"];
    const { response } = await answer(texts);
    expect(await response.text()).toBe(texts.join(""));
    expect(await (await answer([])).response.text()).toBe("");
  });

  it("makes them only as they are taken, and stops when nobody takes them", async () => {
    const { state, response } = await answer(Array(100).fill(LONG));
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    expect(state.made).toBeLessThan(10);
    await reader.cancel();
    expect(state.is_closed).toBe(true);
  });

  it("closes them for HEAD", async () => {
    const { state, response } = await answer(Array(100).fill(LONG), { method: "HEAD" });
    expect([await response.text(), response.headers.get("content-type")]).toEqual(["", "application/json"]);
    expect(state.is_closed).toBe(true);
  });

  it("answers with an error what fails at first, and breaks off later", async () => {
    const { response } = await answer([LONG], { failure_at: 0 });
    expect([response.status, await response.text()]).toEqual([500, "the disk is gone"]);
    const broken = await answer([LONG, LONG, LONG, LONG], { failure_at: 3 });
    expect(broken.response.status).toBe(200);
    expect(broken.response.text()).rejects.toThrow("the disk is gone");
  });
});
