import { is_object, is_same } from "./json.ts";

/** A value that differs, at a JSON pointer (RFC 6901). In an array, `before` and `after` may be at different places. */
export type JsonChange =
  | { path: string; kind: "added"; after: unknown }
  | { path: string; kind: "removed"; before: unknown }
  | { path: string; kind: "changed"; before: unknown; after: unknown };

const pointer = (path: string, key: string | number) =>
  `${path}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;

/** The smallest values in which two JSON values differ, in the order of `before`, then of `after`. Empty if they are the same. */
export function json_changes(before: unknown, after: unknown, path = ""): JsonChange[] {
  if (is_same(before, after)) return [];
  if (is_object(before) && is_object(after)) {
    const [from, to] = [before, after];
    const kept = Object.keys(from).flatMap((key): JsonChange[] =>
      Object.hasOwn(to, key)
        ? json_changes(from[key], to[key], pointer(path, key))
        : [{ path: pointer(path, key), kind: "removed", before: from[key] }],
    );
    const added = Object.keys(to).filter((key) => !Object.hasOwn(from, key));
    return [...kept, ...added.map((key): JsonChange => ({ path: pointer(path, key), kind: "added", after: to[key] }))];
  }
  if (Array.isArray(before) && Array.isArray(after)) return array_changes(before, after, path);
  return [{ path, kind: "changed", before, after }];
}

/** What both ends have in common is the same item: so one that was put in front does not change all behind it. */
function array_changes(before: unknown[], after: unknown[], path: string): JsonChange[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && is_same(before[head], after[head])) head++;
  let tail = 0;
  while (tail < shorter - head && is_same(before.at(-1 - tail), after.at(-1 - tail))) tail++;
  const changes: JsonChange[] = [];
  for (let index = head; index < Math.max(before.length, after.length) - tail; index++) {
    const is_before = index < before.length - tail;
    const is_after = index < after.length - tail;
    const at = pointer(path, index);
    if (is_before && is_after) changes.push(...json_changes(before[index], after[index], at));
    else if (is_before) changes.push({ path: at, kind: "removed", before: before[index] });
    else changes.push({ path: at, kind: "added", after: after[index] });
  }
  return changes;
}
