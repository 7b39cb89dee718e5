import { WIRE, WireReader } from "./reader.ts";
import { put_varint, varint_bytes } from "./writer.ts";

/** What stands from `start` to `end`, a run of whole fields of one message, and what is put in its place: whole fields too. */
export type Edit = { readonly start: number; readonly end: number; readonly put: Uint8Array };

/**
 * A message with these edits, which are in order and do not overlap. The lengths of the messages around them are written anew;
 * everything else stays byte for byte.
 */
export function rewrite(body: Uint8Array, edits: readonly Edit[]): Uint8Array {
  const writer = new Rewriter(body, edits);
  writer.keep_rest_of(0, body.length);
  return Buffer.concat(writer.pieces);
}

class Rewriter {
  readonly pieces: Uint8Array[] = [];
  private kept_bytes = 0;
  private next = 0;
  private readonly reader: WireReader;

  constructor(
    private readonly body: Uint8Array,
    private readonly edits: readonly Edit[],
  ) {
    this.reader = new WireReader(body);
  }

  /** Keeps the content of the message from `start` to `end`, but for the edits in it. */
  keep_rest_of(start: number, end: number): void {
    const { reader } = this;
    let kept_to = start;
    reader.at = start;
    while (this.has_edit_before(end)) {
      const edit = this.edits[this.next];
      if (reader.at === edit.start) {
        this.keep(this.body.subarray(kept_to, reader.at));
        this.keep(edit.put);
        reader.at = kept_to = edit.end;
        this.next++;
        continue;
      }
      const tag = reader.tag(end);
      const tag_end = reader.at;
      reader.skip(tag, end);
      const field_end = reader.at;
      if (!this.has_edit_before(field_end)) continue;
      this.keep(this.body.subarray(kept_to, tag_end));
      this.keep_message(tag, tag_end, field_end);
      reader.at = kept_to = field_end;
    }
    this.keep(this.body.subarray(kept_to, end));
  }

  /** Keeps a message field whose length prefix is at `start`. Its new length is known only when its content is. */
  private keep_message(tag: number, start: number, end: number): void {
    if ((tag & 7) !== WIRE.length_delimited) throw new RangeError("an edit must not lie inside a number");
    const length_at = this.pieces.push(new Uint8Array()) - 1;
    const kept_before = this.kept_bytes;
    this.reader.at = start;
    const length = this.reader.length(end);
    this.keep_rest_of(end - length, end);
    const prefix = varint(this.kept_bytes - kept_before);
    this.pieces[length_at] = prefix;
    this.kept_bytes += prefix.length;
  }

  private keep(bytes: Uint8Array): void {
    this.pieces.push(bytes);
    this.kept_bytes += bytes.length;
  }

  private has_edit_before(end: number): boolean {
    return this.next < this.edits.length && this.edits[this.next].start < end;
  }
}

function varint(value: number): Uint8Array {
  const bytes = new Uint8Array(varint_bytes(value));
  put_varint(bytes, 0, value);
  return bytes;
}
