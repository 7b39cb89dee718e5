import { describe, expect, it } from "bun:test";
import { row_stream } from "../../src/http/row-stream.ts";

const text_of = (stream: ReadableStream) => new Response(stream).text();

/** Rows that count how many were taken and know when they were closed. */
function counted_rows(row_count: number, row: string, failure_at?: number) {
  const state = { taken: 0, is_closed: false };
  async function* rows(): AsyncGenerator<string> {
    try {
      for (; state.taken < row_count; state.taken++) {
        if (state.taken === failure_at) throw new Error("the disk is gone");
        yield row;
      }
    } finally {
      state.is_closed = true;
    }
  }
  return { state, page: { has_more: false, next: null, rows: rows() } };
}

const unexpected = (error: unknown): never => {
  throw error;
};

describe("row_stream", () => {
  it.each([0, 1, 2, 3])("joins %d rows to an array", async (row_count) => {
    const { page } = counted_rows(row_count, '{"a":1}');
    expect(await text_of(await row_stream(page, unexpected))).toBe(`[${Array(row_count).fill('{"a":1}').join()}]`);
  });

  it.each([10, 70_000])("keeps rows of %d characters apart over many pieces", async (length) => {
    const { page } = counted_rows(1_000, JSON.stringify("x".repeat(length)));
    const rows = JSON.parse(await text_of(await row_stream(page, unexpected))) as string[];
    expect(rows).toEqual(Array(1_000).fill("x".repeat(length)));
  });

  it("takes rows only as they are asked for", async () => {
    const { state, page } = counted_rows(1_000, JSON.stringify("x".repeat(10_000)));
    const reader = (await row_stream(page, unexpected)).getReader();
    expect(state.taken).toBe(0);
    await reader.read();
    expect(state.taken).toBeLessThan(10);
    await reader.cancel();
  });

  it("closes the rows when it is cancelled before and after its first piece", async () => {
    const unread = counted_rows(10, "1");
    await (await row_stream(unread.page, unexpected)).cancel();
    expect(unread.state.is_closed).toBe(true);

    const begun = counted_rows(10, JSON.stringify("x".repeat(70_000)));
    const reader = (await row_stream(begun.page, unexpected)).getReader();
    await reader.read();
    await reader.cancel();
    expect(begun.state.is_closed).toBe(true);
  });

  it("rejects when the first row fails, and tells nobody else", async () => {
    const { page } = counted_rows(10, "1", 0);
    expect(row_stream(page, unexpected)).rejects.toThrow("the disk is gone");
  });

  it("breaks off and tells of it when a later row fails", async () => {
    const { page } = counted_rows(10, "1", 5);
    const told: unknown[] = [];
    const stream = await row_stream(page, (error) => told.push(error));
    expect(text_of(stream)).rejects.toThrow("the disk is gone");
    expect(told).toEqual([new Error("the disk is gone")]);
  });
});
