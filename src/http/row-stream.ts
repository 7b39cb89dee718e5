import type { Context } from "hono";
import type { Logger } from "../observe/index.ts";
import type { SpanPage } from "../store/index.ts";

/** Rows are sent in pieces of about this size: a system call for each row would cost more than the row. */
const PIECE_CHARACTERS = 64 * 1024;

const encoder = new TextEncoder();

/**
 * The rows as the text of a JSON array, fetched only as fast as they are taken.
 *
 * Resolves when the first row is there: what fails before can still be answered with an error. What fails later goes to
 * `on_failure` and breaks off the stream. Cancelling the stream closes the rows.
 */
export async function row_stream(
  { rows }: SpanPage,
  on_failure: (error: unknown) => void,
): Promise<ReadableStream<Uint8Array>> {
  const iterator = rows[Symbol.asyncIterator]();
  let row = await iterator.next();
  let text = "[";
  let separator = "";
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          for (; !row.done && text.length < PIECE_CHARACTERS; row = await iterator.next()) {
            text += separator + row.value;
            separator = ",";
          }
        } catch (error) {
          on_failure(error);
          throw error;
        }
        controller.enqueue(encoder.encode(row.done ? `${text}]` : text));
        text = "";
        if (row.done) controller.close();
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/** Answers with the rows of a page; to HEAD with their headers alone. Rejects with StoreError when there is no first row. */
export async function rows_response(
  { req }: Context,
  page: SpanPage,
  logger: Logger,
  headers: Record<string, string> = {},
): Promise<Response> {
  const body = await row_stream(page, (error) => logger.error({ err: error, path: req.path }, "rows broke off"));
  if (req.method === "HEAD") await body.cancel();
  return new Response(req.method === "HEAD" ? null : body, {
    headers: { "content-type": "application/json", ...headers },
  });
}
