import { ThriftReader } from "./thrift.ts";

/** Where a page lies in the file, and the place in the row group of its first row. */
export type PagePlace = { start: number; length: number; first_row: number };

const NUMBERS_PER_PAGE = 3;
const PLACE_BYTES = NUMBERS_PER_PAGE * Uint32Array.BYTES_PER_ELEMENT;
/** Of the object and its array. */
const CHUNK_BYTES = 200;

/** The pages of a column chunk, in their order. Packed: a file has thousands of them, and a store hundreds of files. */
export class ChunkPages {
  /** By page: start, from the chunk's on, length and first row. */
  private readonly numbers: Uint32Array;

  constructor(
    private readonly chunk_start: number,
    pages: readonly PagePlace[],
  ) {
    this.numbers = Uint32Array.from(
      pages.flatMap(({ start, length, first_row }) => [start - chunk_start, length, first_row]),
    );
  }

  /** Without that of the dictionary. */
  get count(): number {
    return this.numbers.length / NUMBERS_PER_PAGE;
  }

  /** About what it takes in memory. */
  get bytes(): number {
    return CHUNK_BYTES + this.count * PLACE_BYTES;
  }

  /** Lies before the others. */
  get dictionary(): PagePlace | null {
    const length = this.count === 0 ? 0 : this.numbers[0];
    return length === 0 ? null : { start: this.chunk_start, length, first_row: 0 };
  }

  page(index: number): PagePlace {
    const { chunk_start, numbers } = this;
    const at = index * NUMBERS_PER_PAGE;
    return { start: chunk_start + numbers[at], length: numbers[at + 1], first_row: numbers[at + 2] };
  }

  /** The number of the page that a row of the group is on: the last one that begins there or before. */
  index_of(row: number): number {
    let [low, high] = [0, this.count - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.numbers[middle * NUMBERS_PER_PAGE + 2] <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Reads the OffsetIndex that `bytes` begin with, of a chunk that begins at `chunk_start`. */
export function chunk_pages(bytes: Uint8Array, chunk_start: number): ChunkPages {
  const reader = new ThriftReader(bytes);
  const pages: PagePlace[] = [];
  reader.struct((id) => {
    if (id === 1) reader.list(() => pages.push(read_place(reader)));
    return id === 1;
  });
  return new ChunkPages(chunk_start, pages);
}

function read_place(reader: ThriftReader): PagePlace {
  const place = { start: 0, length: 0, first_row: 0 };
  reader.struct((id) => {
    if (id === 1) place.start = reader.integer();
    else if (id === 2) place.length = reader.integer();
    else if (id === 3) place.first_row = reader.integer();
    else return false;
    return true;
  });
  return place;
}
