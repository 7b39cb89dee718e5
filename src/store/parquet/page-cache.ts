import { ByteLru } from "./byte-lru.ts";
import type { ChunkPages, PagePlace } from "./offset-index.ts";
import type { Page } from "./page.ts";

/** Of a row group: by column, where its pages are. */
export type GroupPages = Map<number, ChunkPages>;

/**
 * What was read of files and may be wanted again: whoever asks for a row's key asks for the row next, and a page of a list
 * comes in pieces. One for all files.
 */
export class PageCache {
  readonly pages: ByteLru<PagePlace, Page>;
  /** By what a file has for each of its groups. */
  readonly groups: ByteLru<object, GroupPages>;

  constructor(bytes_max: number) {
    this.pages = new ByteLru((bytes_max * 3) / 4);
    this.groups = new ByteLru(bytes_max / 4);
  }
}
