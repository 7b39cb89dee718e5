import type { KeyHash } from "./key-hash.ts";
import type { KeySet } from "./key-set.ts";

const HASH_BYTES = 8;

/** Hashes in ascending order, eight bytes each: first then second, little endian. */
export class HashList {
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  has({ first, second }: KeyHash): boolean {
    let low = 0;
    let high = this.view.byteLength / HASH_BYTES;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = middle * HASH_BYTES;
      const order = this.view.getUint32(at, true) - first || this.view.getUint32(at + 4, true) - second;
      if (order === 0) return true;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return false;
  }
}

/** The bytes of a HashList. */
export function hash_list_bytes(keys: KeySet): Uint8Array {
  const hashes: [first: number, second: number][] = [];
  keys.for_each((first, second) => hashes.push([first, second]));
  hashes.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const bytes = new Uint8Array(hashes.length * HASH_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, [first, second]] of hashes.entries()) {
    view.setUint32(index * HASH_BYTES, first, true);
    view.setUint32(index * HASH_BYTES + 4, second, true);
  }
  return bytes;
}
