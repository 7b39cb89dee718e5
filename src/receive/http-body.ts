import { ReceiveError } from "./error.ts";
import type { Held } from "./in-flight.ts";
import { inflate, too_large } from "./inflate.ts";

/** Up to here a body is left to Bun, which is faster; beyond it, room is taken as bytes come and not as announced. */
const ANNOUNCED_BYTES_MAX = 1024 * 1024;

export type BodyLimits = {
  /** After decompression. */
  bytes_max: number;
  /** Until the last byte is there. */
  read_ms_max: number;
};

/**
 * The request's body, decompressed. Never holds more than `bytes_max` of it, whatever its Content-Length says, and has
 * `held` account for what it holds. Throws ReceiveError.
 */
export async function read_body(request: Request, limits: BodyLimits, held: Held): Promise<Uint8Array> {
  const is_gzip = is_gzip_encoded(request);
  const sent = await in_time(read_bounded(request, limits.bytes_max, held), limits.read_ms_max);
  return is_gzip ? inflate(sent, "gzip", limits.bytes_max, held) : sent;
}

function is_gzip_encoded({ headers }: Request): boolean {
  const encoding = headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding === "gzip") return true;
  if (encoding === "identity" || encoding === "") return false;
  throw new ReceiveError("unsupported_encoding", `content encoding "${encoding}" is not gzip or identity`);
}

/** A body that comes too slowly is given up; what still comes of it then finds no room in `held`. */
async function in_time<Body>(reading: Promise<Body>, read_ms_max: number): Promise<Body> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new ReceiveError("unavailable", `the body did not come within ${read_ms_max} ms, try again later`));
  }, read_ms_max);
  try {
    return await Promise.race([reading, late.promise]);
  } finally {
    clearTimeout(timer);
    // Given up or not, its outcome is known: a failure later on is nobody's.
    reading.catch(() => undefined);
  }
}

async function read_bounded(request: Request, bytes_max: number, held: Held): Promise<Uint8Array> {
  const announced = request.headers.get("content-length");
  const announced_bytes = announced === null ? null : Number(announced);
  if (announced_bytes !== null && announced_bytes > bytes_max) throw too_large(bytes_max);
  try {
    if (announced_bytes === null || announced_bytes > ANNOUNCED_BYTES_MAX) {
      return await collect(request.body, bytes_max, held);
    }
    held.take_bytes(announced_bytes);
    return await request.bytes();
  } catch (cause) {
    throw cause instanceof ReceiveError ? cause : new ReceiveError("malformed", "the body ended early", { cause });
  }
}

async function collect(body: Request["body"], bytes_max: number, held: Held): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let read_bytes = 0;
  for await (const chunk of body ?? []) {
    read_bytes += chunk.length;
    if (read_bytes > bytes_max) throw too_large(bytes_max);
    held.take_bytes(chunk.length);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, read_bytes);
}
