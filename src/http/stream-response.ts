import type { Context } from "hono";
import { BufferGarbage } from "../memory/index.ts";
import type { Logger } from "../observe/index.ts";

/** Text is sent in pieces of about this size: a system call for each would cost more than making it. */
const PIECE_CHARACTERS = 64 * 1024;

/** Bytes that were sent since the last collection: with what they were made of, they are in memory many times. */
const UNCOLLECTED_BYTES_MAX = 8 * 1024 * 1024;

const garbage = new BufferGarbage(UNCOLLECTED_BYTES_MAX);
const encoder = new TextEncoder();

/** As bytes, in pieces that are worth sending. */
export async function* encoded(texts: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  let text = "";
  for await (const more of texts) {
    text += more;
    if (text.length < PIECE_CHARACTERS) continue;
    yield encoder.encode(text);
    text = "";
  }
  yield encoder.encode(text);
}

/**
 * Answers with pieces, made only as fast as they are taken; to HEAD without them. Rejects with what the first piece does:
 * what fails before it can still be answered with an error. What fails later is logged and breaks off the answer.
 */
export async function stream_response(
  { req }: Context,
  pieces: AsyncGenerator<Uint8Array>,
  headers: Record<string, string>,
  logger: Logger,
): Promise<Response> {
  let piece = await pieces.next();
  if (req.method === "HEAD") {
    await pieces.return(undefined);
    return new Response(null, { headers });
  }
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (piece.done) return controller.close();
        controller.enqueue(piece.value);
        garbage.add(piece.value.length);
        try {
          piece = await pieces.next();
        } catch (error) {
          logger.error({ err: error, path: req.path }, "an answer broke off");
          throw error;
        }
      },
      async cancel() {
        await pieces.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers });
}
