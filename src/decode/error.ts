export type DecodeErrorCode = "malformed" | "bad_id" | "too_deep" | "too_large";

/** A record is not a span that can be stored. The message says what and where; nothing of the record was kept. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";

  constructor(
    readonly code: DecodeErrorCode,
    what: string,
    options?: ErrorOptions,
  ) {
    super(what, options);
  }
}
