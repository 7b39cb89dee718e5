import {
  length_delimited_bytes,
  put_length_delimited,
  put_varint,
  varint_bytes,
  WIRE,
  WireReader,
} from "../../src/wire/index.ts";

/** A field of a message: what stands between its key and the next one, or the message that it holds. */
export type Node = { tag: number; content: Uint8Array | Node[] };

const is_message = (node: Node): node is Node & { content: Node[] } => Array.isArray(node.content);

/** Takes bytes apart as far as they look like messages, ten deep. Throws WireError when they are none. */
export function parse_tree(bytes: Uint8Array, depth = 10): Node[] {
  const reader = new WireReader(bytes);
  const nodes: Node[] = [];
  while (reader.at < bytes.length) {
    const tag = reader.tag(bytes.length);
    const start = reader.at;
    reader.skip(tag, bytes.length);
    nodes.push({ tag, content: content_of(tag, bytes.subarray(start, reader.at), depth) });
  }
  return nodes;
}

function content_of(tag: number, bytes: Uint8Array, depth: number): Node["content"] {
  if ((tag & 7) !== WIRE.length_delimited) return bytes;
  const reader = new WireReader(bytes);
  reader.length(bytes.length);
  const inner = bytes.subarray(reader.at);
  if (depth === 0 || inner.length === 0) return inner;
  try {
    return parse_tree(inner, depth - 1);
  } catch {
    return inner;
  }
}

/** The bytes of a tree, with lengths that are right. */
export function tree_bytes(nodes: readonly Node[]): Uint8Array {
  return Buffer.concat(nodes.map(node_bytes));
}

function node_bytes({ tag, content }: Node): Uint8Array {
  const inner = Array.isArray(content) ? tree_bytes(content) : content;
  const key = new Uint8Array(varint_bytes(tag));
  put_varint(key, 0, tag);
  if ((tag & 7) !== WIRE.length_delimited) return Buffer.concat([key, inner]);
  const length = new Uint8Array(varint_bytes(inner.length));
  put_varint(length, 0, inner.length);
  return Buffer.concat([key, length, inner]);
}

/** All lists of fields in a tree: its own and those of the messages in it. */
export function field_lists(nodes: Node[]): Node[][] {
  return [nodes, ...nodes.filter(is_message).flatMap(({ content }) => field_lists(content))];
}

/** `content` as the value of `count` arrays in each other: AnyValue.array_value, ArrayValue.values. */
export function nested_value(content: Uint8Array, count: number): Uint8Array {
  let value = content;
  for (let i = 0; i < count; i++) for (const field of [1, 5]) value = wrapped(field, value);
  return value;
}

function wrapped(field: number, content: Uint8Array): Uint8Array {
  const out = new Uint8Array(length_delimited_bytes(content.length));
  put_length_delimited(out, 0, field, content);
  return out;
}
