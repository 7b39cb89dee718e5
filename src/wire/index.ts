/**
 * The protobuf wire format, read in place (https://protobuf.dev/programming-guides/encoding/).
 *
 * What `receive`, `wal` and `decode` share: a cursor over bytes that knows varints, lengths and how to pass over a
 * field, and that never reads outside the range it was given. Everything above this works on offsets into the original
 * bytes; nothing here makes an object per field.
 */
export { WireReader, WIRE, type WireType } from "./reader.ts";
export { ABSENT, enter_message, fields, find_field, last_field, Place, type Range, read_range } from "./fields.ts";
export { WireError, type WireErrorCode } from "./error.ts";
export { type Edit, rewrite } from "./rewrite.ts";
export { length_delimited_bytes, put_length_delimited, put_varint, tag, varint_bytes } from "./writer.ts";
