import { type Edit, rewrite, WIRE, WireReader, put_length_delimited, length_delimited_bytes } from "../wire/index.ts";
import { REQUEST, type MessageFields } from "./fields.ts";
import { masked_text, type MaskRules } from "./rules.ts";

const NOTHING = new Uint8Array();
// Of KeyValue and AnyValue.
const KEY = 10;
const VALUE = 18;
const STRING_VALUE = 10;
const ARRAY_VALUE = 42;
const KVLIST_VALUE = 50;
/** Of ArrayValue and KeyValueList. */
const VALUES = 10;

/** How often each rule, by its name, was applied. */
export type MaskCounts = ReadonlyMap<string, number>;

type Field = { start: number; content: number; end: number };

/**
 * Takes out of requests what must not be stored: values of attributes with certain keys, at any depth, and what patterns find
 * in attributes' texts, names and status messages. What no rule is about stays byte for byte. One instance serves a thread.
 */
export class Masker {
  private readonly reader = new WireReader(NOTHING);
  private edits: Edit[] = [];
  private counts = new Map<string, number>();

  constructor(private readonly rules: MaskRules) {}

  /** `body`: an ExportTraceServiceRequest whose frame was checked. */
  mask(body: Uint8Array): { body: Uint8Array; counts: MaskCounts } {
    this.reader.reset(body);
    this.edits = [];
    this.counts = new Map();
    this.message(REQUEST, 0, body.length);
    return { body: this.edits.length === 0 ? body : rewrite(body, this.edits), counts: this.counts };
  }

  private message(fields: MessageFields, start: number, end: number): void {
    for (const [tag, field] of this.fields_of(start, end)) {
      const inner = fields.messages?.[tag];
      if (inner !== undefined) this.message(inner, field.content, field.end);
      else if (fields.attributes === tag) this.attribute(field, tag);
      else if (fields.text === tag) this.text(field, tag);
    }
  }

  /** A KeyValue, which is a field with this key. */
  private attribute(field: Field, attribute_tag: number): void {
    let key = "";
    const values: Field[] = [];
    for (const [tag, inner] of this.fields_of(field.content, field.end)) {
      if (tag === KEY) key = this.string_at(inner);
      else if (tag === VALUE) values.push(inner);
    }
    const rule = this.rules.keys.find(({ is_key }) => is_key(key));
    if (rule === undefined) {
      const edits_before = this.edits.length;
      for (const value of values) if (this.any_value(value)) return this.replace(field, NOTHING, edits_before);
      return;
    }
    this.count(rule.name);
    if (rule.action === "drop") return this.replace(field, NOTHING);
    const content = rule.action === "hash" ? values.map((value) => this.content_text(value)).join("") : "";
    const text = delimited(STRING_VALUE, Buffer.from(masked_text(content, rule)));
    const masked = Buffer.concat([delimited(KEY, Buffer.from(key)), delimited(VALUE, text)]);
    this.replace(field, delimited(attribute_tag, masked));
  }

  /** True: the attribute that it is the value of is to be dropped. */
  private any_value(field: Field): boolean {
    let is_dropped = false;
    for (const [tag, inner] of this.fields_of(field.content, field.end)) {
      if (tag === STRING_VALUE) is_dropped = this.text(inner, tag) || is_dropped;
      else if (tag === ARRAY_VALUE) {
        for (const [item_tag, item] of this.fields_of(inner.content, inner.end)) {
          if (item_tag === VALUES) is_dropped = this.any_value(item) || is_dropped;
        }
      } else if (tag === KVLIST_VALUE) {
        for (const [item_tag, item] of this.fields_of(inner.content, inner.end)) {
          if (item_tag === VALUES) this.attribute(item, item_tag);
        }
      }
    }
    return is_dropped;
  }

  /** Masks what patterns find in a text field. True: one of them says that all of it goes. */
  private text(field: Field, tag: number): boolean {
    const before = this.string_at(field);
    let [text, is_dropped] = [before, false];
    for (const rule of this.rules.patterns) {
      text = text.replaceAll(rule.pattern, (found) => {
        if (rule.is_meant?.(found) === false) return found;
        this.count(rule.name);
        if (rule.action === "drop") is_dropped = true;
        return masked_text(found, rule);
      });
    }
    if (is_dropped) text = "";
    if (text !== before) this.replace(field, delimited(tag, Buffer.from(text)));
    return is_dropped;
  }

  /** In the place of edits within the field, of which those from `edits_before` on are. */
  private replace({ start, end }: Field, put: Uint8Array, edits_before = this.edits.length): void {
    this.edits.length = edits_before;
    this.edits.push({ start, end, put });
  }

  private count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  /** The length-delimited fields of a message, by their key. */
  private *fields_of(start: number, end: number): Generator<[tag: number, field: Field]> {
    const { reader } = this;
    for (let at = start; at < end;) {
      reader.at = at;
      const tag = reader.tag(end);
      const is_delimited = (tag & 7) === WIRE.length_delimited;
      const length = is_delimited ? reader.length(end) : 0;
      const content = reader.at;
      if (!is_delimited) reader.skip(tag, end);
      const field = { start: at, content, end: is_delimited ? content + length : reader.at };
      at = field.end;
      if (is_delimited) yield [tag, field];
    }
  }

  private string_at({ content, end }: Field): string {
    const { bytes } = this.reader;
    return Buffer.from(bytes.buffer, bytes.byteOffset + content, end - content).toString();
  }

  /** A text's content, or the bytes of another value: what a hash is made of. */
  private content_text(value: Field): string {
    for (const [tag, inner] of this.fields_of(value.content, value.end))
      if (tag === STRING_VALUE) return this.string_at(inner);
    return Buffer.from(this.reader.bytes.subarray(value.content, value.end)).toString("latin1");
  }
}

/** A field with this key. */
function delimited(tag: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(length_delimited_bytes(content.length));
  put_length_delimited(bytes, 0, tag >>> 3, content);
  return bytes;
}
