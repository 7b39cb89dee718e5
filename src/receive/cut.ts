import { put_varint, varint_bytes, WIRE, WireReader } from "../wire/index.ts";

/**
 * A message without the pieces `cuts` (`start, end, start, end, …`, in order, each a run of whole fields of one message).
 * The lengths of the messages around them are written anew; everything else stays byte for byte.
 */
export function cut(body: Uint8Array, cuts: readonly number[]): Uint8Array {
  const cutter = new Cutter(body, cuts);
  cutter.keep_rest_of(0, body.length);
  return Buffer.concat(cutter.pieces);
}

class Cutter {
  readonly pieces: Uint8Array[] = [];
  private kept_bytes = 0;
  private next = 0;
  private readonly reader: WireReader;

  constructor(
    private readonly body: Uint8Array,
    private readonly cuts: readonly number[],
  ) {
    this.reader = new WireReader(body);
  }

  /** Keeps the content of the message from `start` to `end`, without the cuts in it. */
  keep_rest_of(start: number, end: number): void {
    const { reader } = this;
    let kept_to = start;
    reader.at = start;
    while (this.has_cut_before(end)) {
      if (reader.at === this.cuts[this.next]) {
        this.keep(kept_to, reader.at);
        reader.at = kept_to = this.cuts[this.next + 1];
        this.next += 2;
        continue;
      }
      const tag = reader.tag(end);
      const tag_end = reader.at;
      reader.skip(tag, end);
      const field_end = reader.at;
      if (!this.has_cut_before(field_end)) continue;
      this.keep(kept_to, tag_end);
      this.keep_message(tag, tag_end, field_end);
      reader.at = kept_to = field_end;
    }
    this.keep(kept_to, end);
  }

  /** Keeps a message field whose length prefix is at `start`. Its new length is known only when its content is. */
  private keep_message(tag: number, start: number, end: number): void {
    if ((tag & 7) !== WIRE.length_delimited) throw new RangeError("a cut must not lie inside a number");
    const length_at = this.pieces.push(new Uint8Array()) - 1;
    const kept_before = this.kept_bytes;
    this.reader.at = start;
    const length = this.reader.length(end);
    this.keep_rest_of(end - length, end);
    const prefix = varint(this.kept_bytes - kept_before);
    this.pieces[length_at] = prefix;
    this.kept_bytes += prefix.length;
  }

  private keep(start: number, end: number): void {
    this.pieces.push(this.body.subarray(start, end));
    this.kept_bytes += end - start;
  }

  private has_cut_before(end: number): boolean {
    return this.next < this.cuts.length && this.cuts[this.next] < end;
  }
}

function varint(value: number): Uint8Array {
  const bytes = new Uint8Array(varint_bytes(value));
  put_varint(bytes, 0, value);
  return bytes;
}
