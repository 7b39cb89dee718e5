import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { ReceiveError } from "./error.ts";
import type { InFlightBytes } from "./in-flight-bytes.ts";

/** Up to here a body is left to Bun, which is faster; beyond it, room is taken as bytes come and not as announced. */
const ANNOUNCED_BYTES_MAX = 1024 * 1024;

const gunzip_async = promisify(gunzip);

/**
 * The request's body, decompressed, while `use` works with it. Never holds more than `bytes_max` of it, whatever its
 * Content-Length says. Throws ReceiveError.
 */
export async function with_body<T>(
  request: Request,
  bytes_max: number,
  in_flight: InFlightBytes,
  use: (body: Uint8Array) => Promise<T>,
): Promise<T> {
  let held_bytes = 0;
  const hold: Hold = (bytes) => {
    in_flight.take(bytes);
    held_bytes += bytes;
  };
  try {
    const is_gzip = is_gzip_encoded(request);
    const sent = await read_bounded(request, bytes_max, hold);
    const body = is_gzip ? await decompressed(sent, bytes_max) : sent;
    if (is_gzip) hold(body.length);
    return await use(body);
  } finally {
    in_flight.give_back(held_bytes);
  }
}

function is_gzip_encoded({ headers }: Request): boolean {
  const encoding = headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding === "gzip") return true;
  if (encoding === "identity" || encoding === "") return false;
  throw new ReceiveError("unsupported_media_type", `content encoding "${encoding}" is not gzip or identity`);
}

type Hold = (bytes: number) => void;

async function read_bounded(request: Request, bytes_max: number, hold: Hold): Promise<Uint8Array> {
  const announced = request.headers.get("content-length");
  const announced_bytes = announced === null ? null : Number(announced);
  if (announced_bytes !== null && announced_bytes > bytes_max) throw too_large(bytes_max);
  try {
    if (announced_bytes === null || announced_bytes > ANNOUNCED_BYTES_MAX) {
      return await collect(request.body, bytes_max, hold);
    }
    hold(announced_bytes);
    return await request.bytes();
  } catch (cause) {
    throw cause instanceof ReceiveError ? cause : new ReceiveError("malformed", "the body ended early", { cause });
  }
}

async function collect(body: Request["body"], bytes_max: number, hold: Hold): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let read_bytes = 0;
  for await (const chunk of body ?? []) {
    read_bytes += chunk.length;
    if (read_bytes > bytes_max) throw too_large(bytes_max);
    hold(chunk.length);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, read_bytes);
}

async function decompressed(sent: Uint8Array, bytes_max: number): Promise<Uint8Array> {
  try {
    return await gunzip_async(sent, { maxOutputLength: bytes_max });
  } catch (cause) {
    const is_too_large = cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE";
    throw is_too_large ? too_large(bytes_max) : new ReceiveError("malformed", "the body is not gzip", { cause });
  }
}

const too_large = (bytes_max: number): ReceiveError =>
  new ReceiveError("too_large", `the body is larger than ${bytes_max} bytes, decompressed`);
