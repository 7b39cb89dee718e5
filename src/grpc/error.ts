export type MessageErrorCode = "malformed" | "unsupported_encoding" | "too_large" | "too_slow" | "no_room";

/** A call's message is not taken. The text is for the client. */
export class MessageError extends Error {
  override readonly name = "MessageError";

  constructor(
    readonly code: MessageErrorCode,
    what: string,
    options?: ErrorOptions,
  ) {
    super(what, options);
  }

  static from(error: unknown): MessageError {
    return error instanceof MessageError ? error : new MessageError("malformed", String(error), { cause: error });
  }
}
