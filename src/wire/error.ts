export type WireErrorCode = "truncated" | "varint_too_long" | "length_past_end" | "bad_wire_type" | "bad_field_number";

/** The bytes are not a protobuf message. `offset` is where in the buffer that became clear. */
export class WireError extends Error {
  override readonly name = "WireError";

  constructor(
    readonly code: WireErrorCode,
    readonly offset: number,
    what: string,
  ) {
    super(`${what} at byte ${offset}`);
  }
}
