import type { HotGeneration } from "./hot/generation.ts";
import type { RowSource } from "./row-source.ts";
import type { Segment } from "./segments/segment.ts";

/** All rows at one moment, each in one place: the generations of the hot tier, oldest first, and the segments. */
export class View {
  readonly sources: readonly RowSource[];

  constructor(
    readonly generations: readonly HotGeneration[],
    readonly segments: readonly Segment[],
  ) {
    this.sources = [...generations, ...segments];
  }
}

type Entry = { view: View; holder_count: number; clean_up: () => Promise<void> };

/**
 * The view of the moment, and those that somebody still reads. What a view no longer names is dropped or deleted when
 * nobody can be reading it any more.
 */
export class Views {
  private readonly entries: Entry[];
  private readonly cleaning = new Set<Promise<void>>();

  constructor(
    first: View,
    private readonly on_clean_up_failed: (error: unknown) => void,
  ) {
    this.entries = [{ view: first, holder_count: 0, clean_up: () => Promise.resolve() }];
  }

  get current(): View {
    return this.newest.view;
  }

  /** The rows of the moment, which stay as long as it is not disposed of. */
  hold(): Disposable & { readonly view: View } {
    const entry = this.newest;
    entry.holder_count++;
    return {
      view: entry.view,
      [Symbol.dispose]: () => {
        entry.holder_count--;
        this.clean_up();
      },
    };
  }

  /** `clean_up` does away with what only earlier views name. */
  replace(view: View, clean_up: () => Promise<void> = () => Promise.resolve()): void {
    this.newest.clean_up = clean_up;
    this.entries.push({ view, holder_count: 0, clean_up: () => Promise.resolve() });
    this.clean_up();
  }

  /** Resolves when all that could be cleaned up is. */
  async settled(): Promise<void> {
    while (this.cleaning.size > 0) await Promise.all(this.cleaning);
  }

  private get newest(): Entry {
    return this.entries[this.entries.length - 1];
  }

  private clean_up(): void {
    while (this.entries.length > 1 && this.entries[0].holder_count === 0) {
      const [{ clean_up }] = this.entries.splice(0, 1);
      // One that waits for its turn must not keep others waiting: memory is given back by them.
      const cleaned = clean_up().catch(this.on_clean_up_failed);
      this.cleaning.add(cleaned);
      void cleaned.then(() => this.cleaning.delete(cleaned));
    }
  }
}
