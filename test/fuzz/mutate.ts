import type { SeededRandom } from "../support/seeded-random.ts";
import { field_lists, nested_value, type Node, parse_tree, tree_bytes } from "./wire-tree.ts";

const NESTING_MAX = 400;
const HOSTILE_BYTES = [0, 1, 0x7f, 0x80, 0xff];

/** One to four changes of a request's structure, of its bytes, or of both. `others`: requests to take fields from. */
export function mutate_wire(random: SeededRandom, body: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  let mutated = body;
  for (let changes = random.between(1, 4); changes > 0; changes--) {
    mutated = random.chance(0.6) ? change_structure(random, mutated, others) : change_bytes(random, mutated);
  }
  return mutated;
}

function change_structure(random: SeededRandom, body: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  const tree = tree_or_null(body);
  if (tree === null) return change_bytes(random, body);
  const fields = random.pick(field_lists(tree));
  const at = random.between(0, fields.length);
  const field = fields[Math.min(at, fields.length - 1)];
  const change = random.between(0, 6);
  if (field === undefined || change === 0) fields.splice(at, 0, random_field(random));
  else if (change === 1) fields.splice(at, 1);
  else if (change === 2) fields.splice(at, 0, field);
  else if (change === 3) fields.splice(at, 0, ...spliced(random, others));
  else if (change === 4) field.tag = random.chance(0.5) ? field.tag ^ random.between(1, 7) : random.between(8, 200);
  else if (change === 5) field.content = new Uint8Array();
  else field.content = nested_value(as_bytes(field), random.between(1, NESTING_MAX));
  return tree_bytes(tree);
}

function change_bytes(random: SeededRandom, body: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(body);
  if (copy.length === 0) return random.bytes(random.between(0, 20));
  const at = random.between(0, copy.length - 1);
  const change = random.between(0, 5);
  if (change === 0) copy[at] ^= 1 << random.between(0, 7);
  else if (change === 1) copy[at] = random.pick(HOSTILE_BYTES);
  // A byte that is a length is one too short or too long now.
  else if (change === 2) copy[at] += random.chance(0.5) ? 1 : -1;
  else if (change === 3) return copy.subarray(0, at);
  else if (change === 4)
    return Buffer.concat([copy.subarray(0, at), random.bytes(random.between(1, 12)), copy.subarray(at)]);
  else return Buffer.concat([copy.subarray(0, at), copy.subarray(Math.min(copy.length, at + random.between(1, 40)))]);
  return copy;
}

function random_field(random: SeededRandom): Node {
  const type = random.pick([0, 1, 2, 5]);
  const content = { 0: [...HOSTILE_BYTES.slice(2).map(() => 0xff), 1], 1: random.bytes(8), 5: random.bytes(4) }[type];
  return {
    tag: random.between(1, 17) * 8 + type,
    content: content === undefined ? random.bytes(random.between(0, 20)) : Uint8Array.from(content),
  };
}

/** Some fields of some message of another request. */
function spliced(random: SeededRandom, others: readonly Uint8Array[]): Node[] {
  const fields = random.pick(field_lists(parse_tree(random.pick(others))));
  const start = random.between(0, fields.length);
  return structuredClone(fields.slice(start, start + random.between(1, 3)));
}

const as_bytes = ({ content }: Node): Uint8Array => (Array.isArray(content) ? tree_bytes(content) : content);

function tree_or_null(body: Uint8Array): Node[] | null {
  try {
    return parse_tree(body);
  } catch {
    return null;
  }
}

const HOSTILE_TEXTS = ["", "-1", "1e400", "9".repeat(400), "00", "\u0000", "\ud800", "__proto__", "zz".repeat(16)];

/** OTLP JSON with values replaced, keys taken away or given twice, and text cut or changed. */
export function mutate_json(random: SeededRandom, text: string): string {
  const request: unknown = JSON.parse(text);
  for (let changes = random.between(1, 4); changes > 0; changes--) {
    const parents = objects_in(request);
    const parent = random.pick(parents);
    const names = Object.keys(parent);
    if (names.length === 0) continue;
    const name = random.pick(names);
    const change = random.between(0, 3);
    if (change === 0) delete parent[name];
    else if (change === 1) parent[name] = structuredClone(random.pick(parents));
    else parent[random.chance(0.8) ? name : random.pick(HOSTILE_TEXTS)] = hostile_value(random);
  }
  const mutated = JSON.stringify(request);
  if (random.chance(0.6)) return mutated;
  const at = random.between(0, mutated.length);
  return random.chance(0.3)
    ? mutated.slice(0, at)
    : mutated.slice(0, at) + random.pick(['"', "}", "[", "1e999", "\\u", "null", "\ufeff"]) + mutated.slice(at + 1);
}

function hostile_value(random: SeededRandom): unknown {
  const nested = () =>
    Array.from({ length: random.between(1, NESTING_MAX) }).reduce((value) => ({ arrayValue: { values: [value] } }), {});
  const values = [null, true, -1, 0.5, 1e300, 2 ** 53, [], {}, [null], nested()];
  return random.chance(0.4) ? random.pick(HOSTILE_TEXTS) : random.pick(values);
}

type Parent = Record<string, unknown>;

function objects_in(value: unknown): Parent[] {
  if (typeof value !== "object" || value === null) return [];
  return [value as Parent, ...Object.values(value).flatMap(objects_in)];
}
