import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { status } from "@grpc/grpc-js";
import { LIMITS } from "../config/index.ts";
import { MessageError, type MessageErrorCode } from "./error.ts";
import type { Intake } from "./intake.ts";

const gunzip_async = promisify(gunzip);

const STATUSES: Record<MessageErrorCode, status> = {
  malformed: status.INVALID_ARGUMENT,
  unsupported_encoding: status.UNIMPLEMENTED,
  too_large: status.RESOURCE_EXHAUSTED,
  too_slow: status.UNAVAILABLE,
  no_room: status.UNAVAILABLE,
};

/** For a server whose requests are questions of a few bytes: lets every call in, as long as all that comes is little. */
export function small_messages(message_bytes_max: number): Intake {
  let coming_bytes = 0;
  return {
    admit: () => {
      let held_bytes = 0;
      return {
        take_bytes: (count) => {
          if (coming_bytes + count > LIMITS.GRPC_QUESTION_BYTES_MAX) {
            throw new MessageError("no_room", "too many calls at once, try again later");
          }
          coming_bytes += count;
          held_bytes += count;
        },
        [Symbol.dispose]: () => {
          coming_bytes -= held_bytes;
          held_bytes = 0;
        },
      };
    },
    decompress: async (sent, encoding, room) => {
      if (encoding !== "gzip") throw new MessageError("unsupported_encoding", `encoding "${encoding}" is not gzip`);
      room.take_bytes(message_bytes_max);
      try {
        return await gunzip_async(sent, { maxOutputLength: message_bytes_max });
      } catch (cause) {
        const is_too_large = cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE";
        throw new MessageError(is_too_large ? "too_large" : "malformed", "the message is not small gzip", { cause });
      }
    },
    refuse: (error) => {
      const { code, message } = MessageError.from(error);
      return { code: STATUSES[code], details: message };
    },
  };
}
