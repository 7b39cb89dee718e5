import { existsSync } from "node:fs";
import type { DecodedBatch } from "../../decode/index.ts";
import { create_logger, create_metrics, type Logger, type Metrics } from "../../observe/index.ts";
import type { SpanRow } from "../../encode/index.ts";
import type { AttributeField, SpanFilter } from "../../filter/index.ts";
import type { Ulid } from "../../wal/index.ts";
import {
  type AppendResult,
  type DeadLetter,
  type Dependency,
  type FileBackedStore,
  type ListKind,
  type Operation,
  type PendingRange,
  type PendingSpan,
  type PageRange,
  type SearchRange,
  type SegmentLease,
  type ServiceActivity,
  type SourcePosition,
  type SpanCounts,
  type SpanPage,
  type SqlAnswer,
  type StatePatch,
  StoreError,
  type TailEvent,
  type TimeParts,
  type TracePage,
} from "../types.ts";
import { damage_of, FILE_IS_GONE, is_fatal, move_aside } from "./damage.ts";
import { first_line } from "./database.ts";
import { pending_spans } from "./pending/pending-state.ts";
import { Serial } from "./serial.ts";
import { warm_up } from "./warm-up.ts";
import { Session, type SessionOptions } from "./session.ts";
import { create_store_metrics, type TierFigures } from "./store-metrics.ts";

/**
 * Opens the DuckDB store; its tables are there when this resolves. What is damaged is moved aside, with an error in the
 * log that names it. Rejects with StoreError.
 */
export async function open_store(
  options: SessionOptions,
  logger: Logger = create_logger("silent"),
  metrics: Metrics = create_metrics(),
): Promise<FileBackedStore> {
  let store: DuckDbStore | null = null;
  const store_metrics = create_store_metrics(metrics, () => store?.figures ?? figures_of(null));
  const open = async (): Promise<Session> => {
    // It hears of nothing before it is there.
    const session: Session = await Session.open(options, logger, store_metrics, (error) => {
      store?.close_after(session, error).catch((reason: unknown) => {
        logger.error({ err: reason }, "a broken database could not be closed");
      });
    });
    return session;
  };
  return (store = new DuckDbStore(await open(), open, options.path, logger));
}

function figures_of(session: Session | null): TierFigures {
  const view = session?.views.current;
  const sum = (numbers: readonly number[] = []) => numbers.reduce((total, number) => total + number, 0);
  return {
    hot_spans: sum(view?.generations.map(({ span_count }) => span_count)),
    hot_bytes: sum(view?.generations.map(({ bytes }) => bytes)),
    pending_spans: session?.pending.span_count ?? 0,
    segments: view?.segments.length ?? 0,
    segment_bytes: sum(view?.segments.map(({ file_bytes }) => file_bytes)),
  };
}

/** Keeps a session open: closes it after an error that a database does not outlive, and opens the next one when asked. */
class DuckDbStore implements FileBackedStore {
  /** Opening, closing, and all that changes rows: one at a time. */
  private readonly writes = new Serial();
  private is_closed = false;

  constructor(
    /** Null after an error that a database does not outlive, until `position` opens it again. */
    private session: Session | null,
    private readonly open: () => Promise<Session>,
    private readonly path: string,
    private readonly logger: Logger,
  ) {}

  append(batch: DecodedBatch, dead_letters: readonly DeadLetter[], position: SourcePosition): Promise<AppendResult> {
    return this.write(({ tiers }) => tiers.append(batch, dead_letters, position));
  }

  seal(): Promise<void> {
    return this.write(({ tiers }) => tiers.seal());
  }

  get figures(): TierFigures {
    return figures_of(this.session);
  }

  durable_position(source: string): Ulid | null {
    return this.opened.keeper.durable_position(source);
  }

  hold(): Promise<Disposable> {
    return this.translated(() => this.opened.keeper.hold());
  }

  lease(): Promise<SegmentLease> {
    return this.write(async ({ tiers, views }) => {
      await tiers.seal();
      const held = views.hold();
      const directories = held.view.segments.map(({ directory }) => directory);
      return { directories, [Symbol.dispose]: () => held[Symbol.dispose]() };
    });
  }

  delete_trace(trace_id: string): Promise<number> {
    return this.translated(async () => {
      const { session, deleting } = await this.write(async (opened) => {
        // What is in memory would come again from the source after a crash.
        await opened.tiers.seal();
        return { session: opened, deleting: opened.keeper.delete_trace(trace_id) };
      });
      // Segments are written anew meanwhile, which takes seconds: rows go on being taken.
      return deleting.catch(async (error: unknown) => {
        await this.close_after(session, error);
        throw error;
      });
    });
  }

  tidy(): Promise<void> {
    return this.write(({ keeper }) => keeper.tidy(() => this.is_closed));
  }

  position(source: string): Promise<Ulid | null> {
    return this.translated(() =>
      this.writes.run(async () => {
        this.session ??= await this.open();
        return this.session.tiers.position(source);
      }),
    );
  }

  warm_up(ms_max: number): Promise<void> {
    return this.read((session) => warm_up(session, ms_max));
  }

  service_names(range: Pick<PageRange, "limit" | "offset">): Promise<{ has_more: boolean; names: string[] }> {
    return this.read(async ({ queries }) => queries.service_names(range));
  }

  list(kind: ListKind, service_name: string, range: PageRange): Promise<SpanPage> {
    return this.read(({ queries }) => queries.list(kind, service_name, range));
  }

  trace_spans(trace_id: string, range: PageRange): Promise<SpanPage> {
    return this.read(({ queries }) => queries.trace_spans(trace_id, range));
  }

  span(trace_id: string, span_id: string): Promise<string | null> {
    return this.read(({ queries }) => queries.span(trace_id, span_id));
  }

  whole_spans(trace_id: string): Promise<AsyncIterableIterator<SpanRow>> {
    return this.read(({ queries }) => queries.whole_spans(trace_id));
  }

  search(filter: SpanFilter | null, range: SearchRange): Promise<TracePage> {
    return this.read(({ traces }) => traces.search(filter, range));
  }

  tail(filter: SpanFilter | null, signal: AbortSignal): AsyncGenerator<TailEvent> {
    if (this.is_closed) throw new StoreError("closed", "the store is closed");
    return this.opened.tails.follow(filter, signal);
  }

  count_spans(filter: SpanFilter | null, parts: TimeParts): Promise<SpanCounts> {
    return this.read(({ activity }) => activity.count_spans(filter, parts));
  }

  services(parts: TimeParts): Promise<ServiceActivity[]> {
    return this.read(({ activity }) => activity.services(parts));
  }

  operations(service_name: string, limit: number): Promise<Operation[]> {
    return this.read(({ calls }) => calls.operations(service_name, limit));
  }

  dependencies(range: { since_us: bigint; until_us: bigint }): Promise<Dependency[]> {
    return this.read(({ calls }) => calls.dependencies(range));
  }

  attribute_keys(level: "span" | "resource", limit: number): Promise<string[]> {
    return this.read(({ activity }) => activity.attribute_keys(level, limit));
  }

  attribute_values(field: AttributeField, prefix: string, limit: number): Promise<string[]> {
    return this.read(({ activity }) => activity.attribute_values(field, prefix, limit));
  }

  state_patches(trace_id: string): Promise<StatePatch[]> {
    return this.read(({ activity }) => activity.state_patches(trace_id));
  }

  pending_spans(range: PendingRange): Promise<PendingSpan[]> {
    return this.read(async ({ pending, views }) => pending_spans(pending, views.current, range));
  }

  sql(select: string): Promise<SqlAnswer> {
    return this.read(({ queries }) => queries.sql(select));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.writes.run(async () => {
      if (this.is_closed) return;
      this.is_closed = true;
      // So that all of it is in the files; what can't be sealed now comes again from the source.
      await this.session?.tiers.seal().catch((error: unknown) => {
        this.logger.warn({ err: error }, "the newest rows could not be sealed: they are read again from the source");
      });
      await this.close_session();
    });
  }

  private get opened(): Session {
    if (this.session === null) throw new StoreError("unavailable", "the database is being opened again");
    return this.session;
  }

  private write<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    return this.translated(() =>
      this.writes.run(async () => {
        const session = this.opened;
        try {
          // Someone may have removed it: what is written to it now would be gone with this process.
          if (!existsSync(this.path)) throw new Error(FILE_IS_GONE);
          return await work(session);
        } catch (error) {
          await this.close_if_broken(error);
          throw error;
        }
      }),
    );
  }

  /** Closes a session in which something went wrong while nobody waited for it, if that is more than it outlives. */
  close_after(session: Session, error: unknown): Promise<void> {
    return this.writes.run(async () => {
      if (this.session === session) await this.close_if_broken(error);
    });
  }

  private async close_if_broken(error: unknown): Promise<void> {
    const cause = error instanceof StoreError && error.cause !== undefined ? error.cause : error;
    const damage = damage_of(cause);
    if (damage !== null || is_fatal(cause)) await this.close_session();
    if (damage !== null) move_aside(this.path, damage, first_line(cause), this.logger);
  }

  private async close_session(): Promise<void> {
    const { session } = this;
    this.session = null;
    await session?.[Symbol.asyncDispose]();
  }

  private read<Result>(ask: (session: Session) => Promise<Result>): Promise<Result> {
    return this.translated(() => ask(this.opened));
  }

  /** With StoreError for whatever goes wrong. */
  private async translated<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.is_closed) throw new StoreError("closed", "the store is closed");
    try {
      return await work();
    } catch (error) {
      if (error instanceof StoreError) throw error;
      const code = /constraint error/i.test(first_line(error)) ? "constraint" : "unavailable";
      throw new StoreError(code, first_line(error), { cause: error });
    }
  }
}
