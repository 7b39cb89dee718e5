import { compare_ulids, type Ulid } from "../../../wal/index.ts";

/** What reconcile needs of a segment. */
export type SegmentOnDisk = {
  readonly id: string;
  /** Was taken out of the catalog, and says so itself. */
  readonly is_obsolete: boolean;
  readonly manifest: {
    readonly positions: readonly { source: string; last_key: string }[];
    /** What it was made of. */
    readonly replaces: readonly string[];
  };
};

export type Reconciled<Found> = {
  /** The catalog knows them. */
  known: Found[];
  /** To be taken in: their rows may be nowhere else. */
  adopted: Found[];
  /** Their rows are in others, or are not wanted. */
  leftovers: Found[];
  /** Nothing says why the catalog does not know them: whether their rows are in others is to be seen. */
  unexplained: Found[];
};

/**
 * Judges the segments on disk by what the catalog says, which a crash may have left at any step, or at an earlier state
 * than theirs when its log or all of it was lost. What others were made of is deleted only after a checkpoint, so that a
 * catalog never knows less than half of a merge.
 */
export function reconcile<Found extends SegmentOnDisk>(
  found: readonly Found[],
  known_ids: ReadonlySet<string>,
  positions: ReadonlyMap<string, Ulid>,
  /** What counts and is no segment: see `OLD_TABLES`. */
  present: readonly string[] = [],
): Reconciled<Found> {
  const known = found.filter(({ id }) => known_ids.has(id));
  const present_ids = new Set([...known.map(({ id }) => id), ...present]);
  const judged: Reconciled<Found> = { known, adopted: [], leftovers: [], unexplained: [] };

  const candidates: Found[] = [];
  for (const segment of found) {
    if (known_ids.has(segment.id)) continue;
    // Made of what counts: its merge was not committed.
    const is_premature = segment.manifest.replaces.some((id) => present_ids.has(id));
    (segment.is_obsolete || is_premature ? judged.leftovers : candidates).push(segment);
  }
  const replaced = new Set([...known, ...candidates].flatMap(({ manifest }) => manifest.replaces));
  for (const segment of candidates) {
    if (replaced.has(segment.id)) judged.leftovers.push(segment);
    else if (goes_on_behind(segment, positions)) judged.adopted.push(segment);
    else judged.unexplained.push(segment);
  }
  return judged;
}

const goes_on_behind = ({ manifest }: SegmentOnDisk, positions: ReadonlyMap<string, Ulid>): boolean =>
  manifest.positions.some(({ source, last_key }) => is_ahead(Buffer.from(last_key, "hex"), positions.get(source)));

/** The positions, moved on to where the segments end. */
export function furthest_positions(
  segments: readonly Pick<SegmentOnDisk, "manifest">[],
  from: ReadonlyMap<string, Ulid> = new Map(),
): Map<string, Ulid> {
  const positions = new Map(from);
  for (const { source, last_key } of segments.flatMap(({ manifest }) => manifest.positions)) {
    const key = Buffer.from(last_key, "hex");
    if (is_ahead(key, positions.get(source))) positions.set(source, key);
  }
  return positions;
}

const is_ahead = (key: Ulid, position: Ulid | undefined): boolean =>
  position === undefined || compare_ulids(key, position) > 0;
