import { constants } from "node:http2";
import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from "@grpc/grpc-js";
import { MessageError } from "./error.ts";
import { type CallInternals, internals_of } from "./private-api.ts";
import { RefusedBytes } from "./refused-bytes.ts";

/** The room that one call's message takes. Disposed of once the call is answered or given up. */
export type Room = Disposable & {
  /** Called before so many further bytes are kept, as they come and as they inflate. Throws when there is no room. */
  take_bytes(count: number): void;
};

/** The answer to a call that is not taken. */
export type Refusal = Parameters<ServerInterceptingCallInterface["sendStatus"]>[0];

/** Lets messages in, byte by byte, before any handler hears of them: what is refused is not kept in memory. */
export interface Intake {
  /** Whether a call may come in, by its headers alone. Throws when not. */
  admit(headers: Metadata): Room;

  /** The whole of what was sent, decompressed. Rejects when it can't be, or is too large. */
  decompress(sent: Buffer, encoding: string, room: Room): Promise<Buffer>;

  /** The answer to what any of these threw, or to a MessageError. Called once for each call that is refused here. */
  refuse(error: unknown): Refusal;
}

const PREFIX_BYTES = 5;
const KEPT_NO_LONGER: CallInternals["decoder"] = { write: () => [] };

/** Has every call of a server go through `intake`, and its message come within `read_ms_max`. */
export function intake_interceptor(intake: Intake, read_ms_max: number): ServerInterceptor {
  const refused_bytes = new RefusedBytes();
  return (_method, call) => {
    const incoming = new IncomingMessage(intake, call, read_ms_max, refused_bytes);
    return new ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: (headers, pass_on) => {
            if (incoming.is_admitted(headers)) pass_on(headers);
          },
          onReceiveHalfClose: (pass_on) => {
            if (incoming.is_whole()) pass_on();
          },
          onCancel: () => incoming.on_cancelled(),
        });
      },
      sendMessage: (message, pass_on) => {
        incoming.on_answered();
        pass_on(message);
      },
      sendStatus: (status, pass_on) => {
        incoming.on_answered();
        pass_on(status);
      },
    });
  };
}

/** One call, from its headers until its handler has the message. */
class IncomingMessage {
  private readonly inside: CallInternals;
  private room: Room | undefined;
  private deadline: ReturnType<typeof setTimeout> | undefined;
  private message_count = 0;
  private byte_count = 0;
  private state: "coming" | "handled" | "over" = "coming";

  constructor(
    private readonly intake: Intake,
    private readonly call: ServerInterceptingCallInterface,
    private readonly read_ms_max: number,
    private readonly refused_bytes: RefusedBytes,
  ) {
    this.inside = internals_of(call);
    const { decoder } = this.inside;
    this.inside.decoder = { write: (data) => this.checked(() => this.take(decoder, data)) ?? [] };
    this.inside.decompressMessage = (message, encoding) => this.decompressed(message, encoding);
  }

  is_admitted(headers: Metadata): boolean {
    const room = this.checked(() => this.intake.admit(headers));
    if (room === undefined) return false;
    this.room = room;
    this.deadline = setTimeout(() => {
      const what = `the message did not come within ${this.read_ms_max} ms, try again later`;
      this.give_up(new MessageError("too_slow", what));
    }, this.read_ms_max);
    return true;
  }

  is_whole(): boolean {
    if (this.state !== "coming") return false;
    if (this.message_count === 0) {
      this.give_up(new MessageError("malformed", "the call ended before its message was whole"));
      return false;
    }
    clearTimeout(this.deadline);
    this.state = "handled";
    return true;
  }

  /** The handler is through with the message: until now it has it in hand, also when the client has gone. */
  on_answered(): void {
    this.end();
  }

  on_cancelled(): void {
    if (this.state === "coming") this.end();
  }

  private take(decoder: CallInternals["decoder"], data: Buffer): Buffer[] {
    this.room?.take_bytes(data.length);
    this.byte_count += data.length;
    const messages = whole_messages(decoder, data);
    this.message_count += messages.length;
    if (this.message_count > 1) throw new MessageError("malformed", "the call has more than one message");
    return messages;
  }

  private async decompressed(message: Buffer, encoding: string): Promise<Buffer> {
    try {
      const sent = message.subarray(PREFIX_BYTES);
      if (message[0] === 0) return sent;
      if (message[0] !== 1) throw new MessageError("malformed", `the message's compression flag is ${message[0]}`);
      if (this.room === undefined) throw new MessageError("malformed", "the call was given up");
      return await this.intake.decompress(sent, encoding, this.room);
    } catch (error) {
      this.give_up(error);
      // For the library, which answers with a status of its own to a call that has none yet.
      throw error;
    }
  }

  /** Undefined, and the call is given up, when `act` throws. */
  private checked<Result>(act: () => Result): Result | undefined {
    try {
      return act();
    } catch (error) {
      this.give_up(error);
      return undefined;
    }
  }

  private give_up(error: unknown): void {
    if (this.state !== "coming") return;
    this.end();
    this.call.sendStatus(this.intake.refuse(error));
    // A client that goes on sending is told to stop, behind the answer: its bytes would be taken and thrown away for ever.
    this.inside.stream.close(constants.NGHTTP2_NO_ERROR);
    this.refused_bytes.add(this.byte_count);
  }

  private end(): void {
    this.state = "over";
    clearTimeout(this.deadline);
    this.inside.decoder = KEPT_NO_LONGER;
    this.room?.[Symbol.dispose]();
    this.room = undefined;
  }
}

function whole_messages(decoder: CallInternals["decoder"], data: Buffer): Buffer[] {
  try {
    return decoder.write(data);
  } catch (cause) {
    // The one thing that it throws.
    throw new MessageError("too_large", cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
