import { EXPORT_TRACES } from "./raw-grpc.ts";

// HTTP/2 by the byte, for what no client's library would send.

export const HTTP2_PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1");

export const FRAME = { DATA: 0, HEADERS: 1, RST_STREAM: 3, GOAWAY: 7, CONTINUATION: 9 };
export const FLAG = { NONE: 0, END_STREAM: 1, END_HEADERS: 4 };

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** HPACK of literal fields (RFC 7541, 6.2.2). */
export const header_block = (fields: readonly (readonly [string, string])[]): Buffer =>
  Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]));

/** What an export begins with. */
export const EXPORT_FIELDS = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", EXPORT_TRACES],
  [":authority", "x"],
  ["content-type", "application/grpc"],
] as const;

/** A block as HEADERS and as many CONTINUATIONs as it takes. */
export function header_frames(stream: number, block: Uint8Array, payload_bytes_max = 16_000): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at < block.length; at += payload_bytes_max) {
    const payload = block.subarray(at, at + payload_bytes_max);
    const flags = at + payload_bytes_max >= block.length ? FLAG.END_HEADERS : FLAG.NONE;
    frames.push(frame(at === 0 ? FRAME.HEADERS : FRAME.CONTINUATION, flags, stream, payload));
  }
  return Buffer.concat(frames);
}

/** The types of the frames in what a server has sent. */
export function frame_types(received: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 9 <= received.length; at += 9 + received.readUIntBE(at, 3))
    types.push(received.readUInt8(at + 3));
  return types;
}

/** A length with a prefix of 7 bits (RFC 7541, 5.1), and the text as it is. */
function text(value: string): Buffer {
  const bytes: number[] = [];
  let rest = value.length;
  if (rest < 127) bytes.push(rest);
  else {
    bytes.push(127);
    for (rest -= 127; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
    bytes.push(rest);
  }
  return Buffer.concat([Buffer.from(bytes), Buffer.from(value, "latin1")]);
}
