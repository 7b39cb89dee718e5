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

  /** Of all its spans, distinct and ascending by their UTF-8 bytes, as DuckDB sorts text. */
  get service_names(): string[] {
    const names = new Set([
      ...this.segments.flatMap(({ services }) => [...services.keys()]),
      ...this.generations.flatMap(({ reader }) => [...reader.service_names]),
    ]);
    return [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }
}

type Entry = { view: View; holder_count: number };
/** What is to be done once nobody reads any of the sources that are gone. */
type CleanUp = { gone: readonly RowSource[]; run: () => Promise<void> };

/**
 * The view of the moment, and those that somebody still reads. What a view no longer names is dropped or deleted when
 * nobody can be reading it any more: whoever reads an earlier view for long keeps what that names, and nothing else.
 */
export class Views {
  private newest: Entry;
  private readonly held = new Set<Entry>();
  private clean_ups: CleanUp[] = [];
  private readonly cleaning = new Set<Promise<void>>();

  constructor(
    first: View,
    private readonly on_clean_up_failed: (error: unknown) => void,
  ) {
    this.newest = { view: first, holder_count: 0 };
  }

  get current(): View {
    return this.newest.view;
  }

  /** The rows of the moment, which stay as long as it is not disposed of. */
  hold(): Disposable & { readonly view: View } {
    const entry = this.newest;
    entry.holder_count++;
    this.held.add(entry);
    return {
      view: entry.view,
      [Symbol.dispose]: () => {
        if (--entry.holder_count > 0) return;
        this.held.delete(entry);
        this.clean_up();
      },
    };
  }

  /** `clean_up` does away with what only earlier views name. */
  replace(view: View, clean_up: () => Promise<void> = () => Promise.resolve()): void {
    const left = new Set(view.sources);
    const gone = this.newest.view.sources.filter((source) => !left.has(source));
    this.newest = { view, holder_count: 0 };
    this.clean_ups.push({ gone, run: clean_up });
    this.clean_up();
  }

  /** Resolves when all that could be cleaned up is. */
  async settled(): Promise<void> {
    while (this.cleaning.size > 0) await Promise.all(this.cleaning);
  }

  private clean_up(): void {
    if (this.clean_ups.length === 0) return;
    const is_read = (source: RowSource) => Array.from(this.held).some(({ view }) => view.sources.includes(source));
    const [waiting, ready] = [true, false].map((read) =>
      this.clean_ups.filter(({ gone }) => gone.some(is_read) === read),
    );
    this.clean_ups = waiting;
    for (const { run } of ready) {
      // One that waits for its turn must not keep others waiting: memory is given back by them.
      const cleaned = run().catch(this.on_clean_up_failed);
      this.cleaning.add(cleaned);
      void cleaned.then(() => this.cleaning.delete(cleaned));
    }
  }
}
