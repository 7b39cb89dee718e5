import { ByteLru } from "./byte-lru.ts";
import type { ChunkPages } from "./offset-index.ts";
import { PageRing } from "./page-ring.ts";
import { ReadBuffers } from "./read-buffers.ts";

/** Of a row group: by column, where its pages are. */
export type GroupPages = Map<number, ChunkPages>;

/** What is known of a page beside its content, where its texts begin, takes up to half as much. */
const CONTENT_SHARE = 1 / 2;
const GROUPS_SHARE = 1 / 4;

/**
 * What was read of files and may be wanted again: whoever asks for a row's key asks for the row next, and a page of a list
 * comes in pieces. One for all files.
 */
export class PageCache {
  readonly pages: PageRing;
  /** By what a file has for each of its groups. */
  readonly groups: ByteLru<object, GroupPages>;
  /** What files are read into. */
  readonly buffers = new ReadBuffers();

  constructor(bytes_max: number) {
    this.pages = new PageRing(bytes_max * CONTENT_SHARE);
    this.groups = new ByteLru(bytes_max * GROUPS_SHARE);
  }
}
