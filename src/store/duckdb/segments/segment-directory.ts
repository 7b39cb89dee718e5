import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";

/** What the directory of the segments has beside segments, by the ends of the names. */
const UNFINISHED = ".unfinished";
const REMOVED = ".removed";
const OBSOLETE = ".obsolete";
const DAMAGED = ".damaged-";

/** Where a segment is written before it has its name. */
export const unfinished_path = (segment: string): string => segment + UNFINISHED;

export const is_unfinished = (name: string): boolean => name.endsWith(UNFINISHED);
export const is_removed = (name: string): boolean => name.endsWith(REMOVED);
/** A mark, not a segment. */
export const is_obsolete_mark = (name: string): boolean => name.endsWith(OBSOLETE);
/** Moved aside because it was damaged. */
export const is_aside = (name: string): boolean => name.includes(DAMAGED);

/**
 * Says that a segment was taken out of the catalog, and goes when nobody reads it any more: for the next start, should this
 * process end before. The mark is no part of the segment, which others may be copying.
 */
export const mark_obsolete = (segment: string): void => writeFileSync(segment + OBSOLETE, "");

export const is_marked_obsolete = (segment: string): boolean => existsSync(segment + OBSOLETE);

/** Takes a segment out of the way at once, then apart. */
export function remove_segment(segment: string): void {
  const removed = segment + REMOVED;
  if (existsSync(segment)) renameSync(segment, removed);
  remove_mark(segment);
  rmSync(removed, { recursive: true, force: true });
}

/** Of a segment that counts, or that is gone. */
export const remove_mark = (segment: string): void => rmSync(segment + OBSOLETE, { force: true });

/** The marks whose segments are none of `names`. */
export const lone_marks = (names: readonly string[]): string[] =>
  names.filter((name) => is_obsolete_mark(name) && !names.includes(name.slice(0, -OBSOLETE.length)));
