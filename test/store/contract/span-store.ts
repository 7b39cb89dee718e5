import { describe } from "bun:test";
import { describe_appends } from "./appends.ts";
import { describe_calls } from "./calls.ts";
import { describe_durability } from "./durability.ts";
import { describe_lists } from "./lists.ts";
import { describe_as_one_list } from "./model.ts";
import { describe_pending } from "./pending.ts";
import type { OpenStore } from "./opened.ts";
import { describe_pages } from "./pages.ts";
import { describe_rows } from "./rows.ts";
import { describe_search } from "./search.ts";

/** What every SpanStore must do, whatever is behind it: all of the interface but `sql`, whose language is its own. */
export function describe_span_store(name: string, open: OpenStore): void {
  describe(`${name} as a span store`, () => {
    describe_appends(open);
    describe_durability(open);
    describe_pending(open);
    describe_rows(open);
    describe_lists(open);
    describe_pages(open);
    describe_search(open);
    describe_calls(open);
    describe_as_one_list(open);
  });
}
