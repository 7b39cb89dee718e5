import type { DescEnum, DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { WIRE, type WireType } from "../wire/index.ts";

/** What the receivers need to know of a field: how it stands on the wire and in JSON. */
export type FieldShape = {
  /** Field number × 8 + wire type. */
  readonly tag: number;
  readonly json_name: string;
  readonly is_repeated: boolean;
  /** One of these three. */
  readonly message?: MessageShape;
  readonly enum_numbers?: ReadonlyMap<string, number>;
  readonly scalar?: ScalarType;
  /** Trace and span ids, which JSON has in hex instead of base64. */
  readonly is_id: boolean;
};

export type MessageShape = {
  readonly name: string;
  readonly by_number: (FieldShape | undefined)[];
  /** By lowerCamelCase name, and by the name in the .proto file, which protobuf's JSON parsers take too. */
  readonly by_json_name: Map<string, FieldShape>;
};

const ID_NAMES = new Set(["trace_id", "span_id", "parent_span_id"]);

/** The shapes of a message and all that it may hold, read off the generated descriptors. */
export function shape_of(root: DescMessage): MessageShape {
  const known = new Map<string, MessageShape>();
  const message_shape = (message: DescMessage): MessageShape => {
    const shape: MessageShape = { name: message.name, by_number: [], by_json_name: new Map() };
    // Known before its fields are looked at: an AnyValue may hold AnyValues.
    known.set(message.typeName, shape);
    for (const field of message.fields) {
      const child = child_message(field);
      const field_shape: FieldShape = {
        tag: field.number * 8 + wire_type(field),
        json_name: field.jsonName,
        is_repeated: field.fieldKind === "list",
        message: child && (known.get(child.typeName) ?? message_shape(child)),
        enum_numbers: field.enum && enum_numbers(field.enum),
        scalar: field.scalar,
        is_id: ID_NAMES.has(field.name) && field.scalar === ScalarType.BYTES,
      };
      shape.by_number[field.number] = field_shape;
      shape.by_json_name.set(field.jsonName, field_shape).set(field.name, field_shape);
    }
    return shape;
  };
  return message_shape(root);
}

const child_message = (field: DescField): DescMessage | undefined =>
  field.fieldKind === "map" ? undefined : field.message;

const enum_numbers = ({ values }: DescEnum) => new Map(values.map(({ name, number }) => [name, number]));

function wire_type({ scalar, enum: enumeration }: DescField): WireType {
  if (enumeration) return WIRE.varint;
  switch (scalar) {
    case ScalarType.BOOL:
    case ScalarType.INT32:
    case ScalarType.INT64:
    case ScalarType.UINT32:
    case ScalarType.UINT64:
      return WIRE.varint;
    case ScalarType.FIXED64:
    case ScalarType.DOUBLE:
      return WIRE.fixed64;
    case ScalarType.FIXED32:
      return WIRE.fixed32;
    default:
      return WIRE.length_delimited;
  }
}
