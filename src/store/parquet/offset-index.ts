import { ThriftReader } from "./thrift.ts";

/** Where a page lies in the file, and the place in the row group of its first row. */
export type PagePlace = { start: number; length: number; first_row: number };

/** Reads the OffsetIndex that `bytes` begin with. */
export function page_places(bytes: Uint8Array): PagePlace[] {
  const reader = new ThriftReader(bytes);
  const places: PagePlace[] = [];
  reader.struct((id) => {
    if (id === 1) reader.list(() => places.push(read_place(reader)));
    return id === 1;
  });
  return places;
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
