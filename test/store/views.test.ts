import { expect, it } from "bun:test";
import type { Segment } from "../../src/store/duckdb/segments/segment.ts";
import { View, Views } from "../../src/store/duckdb/views.ts";

const segment = () => ({}) as Segment;

function new_views(first: View) {
  const done: string[] = [];
  const failures: unknown[] = [];
  const views = new Views(first, (error) => failures.push(error));
  const clean_up = (name: string) => async () => void done.push(name);
  return { views, done, failures, clean_up };
}

it("what a view no longer names goes when nobody reads it, and no later", async () => {
  const [a, b, c] = [segment(), segment(), segment()];
  const { views, done, clean_up } = new_views(new View([], [a]));
  const early = views.hold();
  views.replace(new View([], [a, b]));
  const late = views.hold();
  views.replace(new View([], [a, c]), clean_up("b"));
  views.replace(new View([], [c]), clean_up("a"));
  expect(done).toEqual([]);
  // The early reader knows nothing of b.
  late[Symbol.dispose]();
  await views.settled();
  expect(done).toEqual(["b"]);
  views.replace(new View([], []), clean_up("c"));
  expect(done).toEqual(["b", "c"]);
  expect(early.view.segments).toEqual([a]);
  early[Symbol.dispose]();
  await views.settled();
  expect(done).toEqual(["b", "c", "a"]);
});

it("two who hold one view both have to let it go", () => {
  const { views, done, clean_up } = new_views(new View([], [segment()]));
  const [first, second] = [views.hold(), views.hold()];
  views.replace(new View([], []), clean_up("gone"));
  first[Symbol.dispose]();
  expect(done).toEqual([]);
  second[Symbol.dispose]();
  expect(done).toEqual(["gone"]);
});

it("what fails to go is said, and keeps nothing else", async () => {
  const { views, done, failures, clean_up } = new_views(new View([], [segment(), segment()]));
  views.replace(new View([], [segment()]), () => Promise.reject(new Error("no")));
  views.replace(new View([], []), clean_up("next"));
  await views.settled();
  expect(failures).toEqual([new Error("no")]);
  expect(done).toEqual(["next"]);
});
