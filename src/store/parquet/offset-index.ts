import { ThriftReader } from "./thrift.ts";

/** Where a page lies in the file, and the place in the row group of its first row. */
export type PagePlace = { start: number; length: number; first_row: number };

/** The pages of a column chunk, in their order. */
export type ChunkPages = { dictionary: PagePlace | null; data: readonly PagePlace[] };

/** Reads the OffsetIndex that `bytes` begin with, of a chunk that begins at `chunk_start`. */
export function chunk_pages(bytes: Uint8Array, chunk_start: number): ChunkPages {
  const reader = new ThriftReader(bytes);
  const data: PagePlace[] = [];
  reader.struct((id) => {
    if (id === 1) reader.list(() => data.push(read_place(reader)));
    return id === 1;
  });
  const dictionary_bytes = (data[0]?.start ?? chunk_start) - chunk_start;
  const dictionary = { start: chunk_start, length: dictionary_bytes, first_row: 0 };
  return { dictionary: dictionary_bytes > 0 ? dictionary : null, data };
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
