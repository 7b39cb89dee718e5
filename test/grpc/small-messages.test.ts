import { gzipSync } from "node:zlib";
import { Metadata, status } from "@grpc/grpc-js";
import { expect, it } from "bun:test";
import { LIMITS } from "../../src/config/index.ts";
import { MessageError } from "../../src/grpc/index.ts";
import { small_messages } from "../../src/grpc/small-messages.ts";

const KIB = 1024;

it("lets small messages in until together they are large, and again when some are answered", () => {
  const intake = small_messages(64 * KIB);
  const one = intake.admit(new Metadata());
  one.take_bytes(LIMITS.GRPC_QUESTION_BYTES_MAX);
  const other = intake.admit(new Metadata());
  expect(() => other.take_bytes(1)).toThrow("too many calls at once");
  one[Symbol.dispose]();
  other.take_bytes(1);
  expect(intake.refuse(new MessageError("no_room", "full"))).toMatchObject({ code: status.UNAVAILABLE });
});

it.each([
  ["gzip", gzipSync("a question"), null],
  ["gzip", Buffer.from("a question"), "malformed"],
  ["gzip", gzipSync(Buffer.alloc(65 * KIB)), "too_large"],
  ["deflate", Buffer.alloc(0), "unsupported_encoding"],
])("decompresses them: %s of %p, refused as %p", async (encoding, sent, code) => {
  const intake = small_messages(64 * KIB);
  using room = intake.admit(new Metadata());
  const outcome: string | null = await intake.decompress(sent, encoding, room).then(
    () => null,
    (error: unknown) => MessageError.from(error).code,
  );
  expect(outcome).toBe(code);
});
