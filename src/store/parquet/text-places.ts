import { ParquetError } from "./error.ts";
import { one_length_header_bytes, read_one_length } from "./one-length.ts";
import { ENCODING, TEXT_LENGTH_BYTES } from "./types.ts";

/** Where the texts of a page lie in its content, of which only the first bytes may be there. */
export interface TextPlaces {
  /** Whether the first `count` texts are among the first bytes. To be asked before the places of one of them are. */
  are_within(count: number, bytes_there: number): boolean;
  start(place: number): number;
  end(place: number): number;
}

/** `values_at`: where the page's values begin, of which it has so many. */
export const text_places = (
  encoding: number,
  content: Uint8Array,
  values_at: number,
  value_count: number,
): TextPlaces =>
  encoding === ENCODING.delta_length
    ? new OneLengthPlaces(content, values_at, value_count)
    : new PlainPlaces(content, values_at, value_count);

/** Each text has its length before it: where one is, those before it say. */
class PlainPlaces implements TextPlaces {
  /** By text, where its length begins; and one more, where the last one ends. */
  private readonly starts: Uint32Array;
  /** So many of them are known. */
  private known_count = 0;
  private readonly view: DataView;

  constructor(
    content: Uint8Array,
    values_at: number,
    private readonly value_count: number,
  ) {
    this.view = new DataView(content.buffer, content.byteOffset, content.length);
    this.starts = new Uint32Array(value_count + 1).fill(values_at, 0, 1);
  }

  are_within(count: number, bytes_there: number): boolean {
    const { starts, view } = this;
    const end = Math.min(count, this.value_count);
    let place = this.known_count;
    for (let at = starts[place]; place < end && at + TEXT_LENGTH_BYTES <= bytes_there; place++) {
      at += TEXT_LENGTH_BYTES + view.getUint32(at, true);
      if (at > bytes_there) break;
      starts[place + 1] = at;
    }
    this.known_count = place;
    return place >= count;
  }

  start(place: number): number {
    return this.starts[place] + TEXT_LENGTH_BYTES;
  }

  end(place: number): number {
    return this.starts[place + 1];
  }
}

class OneLengthPlaces implements TextPlaces {
  private length = 0;
  /** Where the first one begins; null: not known yet. */
  private texts_at: number | null = null;

  constructor(
    private readonly content: Uint8Array,
    private readonly values_at: number,
    private readonly value_count: number,
  ) {}

  are_within(count: number, bytes_there: number): boolean {
    if (this.texts_at === null) {
      const header_end = this.values_at + one_length_header_bytes(this.value_count);
      if (bytes_there < Math.min(header_end, this.content.length)) return false;
      this.read_header();
    }
    return count <= this.value_count && this.start(count) <= bytes_there;
  }

  start(place: number): number {
    return (this.texts_at ?? NaN) + place * this.length;
  }

  end(place: number): number {
    return this.start(place + 1);
  }

  private read_header(): void {
    const { length, texts_at } = read_one_length(this.content, this.values_at);
    if (texts_at + this.value_count * length !== this.content.length) {
      throw new ParquetError("a page has texts of other lengths");
    }
    [this.length, this.texts_at] = [length, texts_at];
  }
}
