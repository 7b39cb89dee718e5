import { existsSync, statSync } from "node:fs";
import { blobValue, DuckDBBlobValue, type DuckDBConnection } from "@duckdb/node-api";
import type { DecodedBatch } from "../../decode/index.ts";
import { create_logger, type Logger } from "../../observe/index.ts";
import type { Ulid } from "../../wal/index.ts";
import {
  type AppendResult,
  type DeadLetter,
  type PageRange,
  type SourcePosition,
  type SpanPage,
  type SpanStore,
  StoreError,
} from "../types.ts";
import { damage_of, FILE_IS_GONE, is_fatal, move_aside } from "./damage.ts";
import { type DatabaseOptions, first_line } from "./database.ts";
import type { Queries } from "./queries.ts";
import { batch_insert_spans, batch_insert_state_patches } from "./repository.ts";
import get_position_sql from "./sql/get-position.sql" with { type: "text" };
import put_dead_letter_sql from "./sql/put-dead-letter.sql" with { type: "text" };
import put_position_sql from "./sql/put-position.sql" with { type: "text" };
import { Session } from "./session.ts";

/** DuckDB's log is brought into the file at the latest when it is this long, so that its replay takes seconds. */
const LOG_BYTES_MAX = 1024 * 1024 * 1024;
const LOG_BYTES_MIN = 128 * 1024 * 1024;

/**
 * Opens the DuckDB store; its tables are there when this resolves. What is damaged is moved aside, with an error in the
 * log that names it. Rejects with StoreError.
 */
export async function open_store(
  options: DatabaseOptions,
  logger: Logger = create_logger("silent"),
): Promise<SpanStore> {
  return new DuckDbStore(await Session.open(options, logger), options, logger);
}

class DuckDbStore implements SpanStore {
  /** The append that is under way: one transaction at a time. */
  private writing: Promise<unknown> = Promise.resolve();
  private is_closed = false;
  /** Nothing was appended since the last checkpoint. */
  private is_log_empty: boolean;

  constructor(
    /** Null after an error that a database does not outlive, until the next append opens it again. */
    private session: Session | null,
    private readonly options: DatabaseOptions,
    private readonly logger: Logger,
  ) {
    this.is_log_empty = this.log_bytes() === 0;
  }

  append(batch: DecodedBatch, dead_letters: readonly DeadLetter[], position: SourcePosition): Promise<AppendResult> {
    return this.alone((writer) =>
      in_transaction(writer, async () => {
        const inserted_spans = await batch_insert_spans(writer, batch.spans, batch.heap);
        const patches = await batch_insert_state_patches(writer, batch.patches, batch.heap);
        for (const { source, key, reason, body } of dead_letters) {
          const letter = { source, key: blobValue(key), reason, body: blobValue(body) };
          await writer.run(put_dead_letter_sql, letter);
        }
        await writer.run(put_position_sql, { source: position.source, last_key: blobValue(position.last_key) });
        this.is_log_empty = false;
        return { inserted_spans, inserted_patches: patches.inserted, refused_patches: patches.refused };
      }),
    );
  }

  checkpoint_when_due(): Promise<boolean> {
    const { path } = this.options;
    return this.alone(async (writer) => {
      // Someone has removed it. What is written to it now would be gone with this process.
      if (!existsSync(path)) throw new Error(FILE_IS_GONE);
      const log_bytes = this.log_bytes();
      // A log that is not there although it should be was removed too.
      const is_log_whole = log_bytes > 0 || this.is_log_empty;
      if (is_log_whole && log_bytes === 0) return true;
      if (is_log_whole && log_bytes < due_log_bytes(file_bytes(path))) return false;
      await writer.run("CHECKPOINT");
      this.is_log_empty = true;
      return true;
    });
  }

  async hold(): Promise<Disposable> {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const held = this.alone(async () => undefined);
    this.writing = this.writing.then(() => released);
    await held.catch((error: unknown) => {
      release();
      throw error;
    });
    return { [Symbol.dispose]: release };
  }

  /** Opens the database again if need be, so that what follows an error goes on from what is really there. */
  position(source: string): Promise<Ulid | null> {
    return this.alone(async (writer) => {
      const found = await writer.runAndReadAll(get_position_sql, { source });
      const key = found.getRows()[0]?.[0];
      return key instanceof DuckDBBlobValue ? key.bytes : null;
    });
  }

  service_names(range: PageRange): Promise<{ has_more: boolean; names: string[] }> {
    return this.read((queries) => queries.service_names(range));
  }

  root_spans(service_name: string, only_llm_traces: boolean, range: PageRange): Promise<SpanPage> {
    return this.read((queries) => queries.root_spans(service_name, only_llm_traces, range));
  }

  workflow_spans(service_name: string, range: PageRange): Promise<SpanPage> {
    return this.read((queries) => queries.workflow_spans(service_name, range));
  }

  trace_spans(trace_id: string, range: PageRange): Promise<SpanPage> {
    return this.read((queries) => queries.trace_spans(trace_id, range));
  }

  span(trace_id: string, span_id: string): Promise<string | null> {
    return this.read((queries) => queries.span(trace_id, span_id));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.writing = this.writing.then(async () => {
      this.is_closed = true;
      await this.close_session();
    });
    await this.writing;
  }

  /** Runs `work` when what was begun before has ended. */
  private alone<Result>(work: (writer: DuckDBConnection) => Promise<Result>): Promise<Result> {
    const result = this.writing.then(() => this.translated(() => this.write(work)));
    this.writing = result.catch(() => undefined);
    return result;
  }

  private async write<Result>(work: (writer: DuckDBConnection) => Promise<Result>): Promise<Result> {
    if (this.session === null) {
      this.session = await Session.open(this.options, this.logger);
      this.is_log_empty = this.log_bytes() === 0;
    }
    try {
      return await work(this.session.writer);
    } catch (error) {
      const damage = damage_of(error);
      if (damage !== null || is_fatal(error)) await this.close_session();
      if (damage !== null) move_aside(this.options.path, damage, first_line(error), this.logger);
      throw error;
    }
  }

  private log_bytes(): number {
    return file_bytes(`${this.options.path}.wal`);
  }

  private async close_session(): Promise<void> {
    const { session } = this;
    this.session = null;
    await session?.[Symbol.asyncDispose]();
  }

  private read<Result>(ask: (queries: Queries) => Promise<Result>): Promise<Result> {
    return this.translated(() => {
      if (this.session === null) throw new StoreError("unavailable", "the database is being opened again");
      return ask(this.session.queries);
    });
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

async function in_transaction<Result>(writer: DuckDBConnection, work: () => Promise<Result>): Promise<Result> {
  await writer.run("BEGIN");
  try {
    const result = await work();
    await writer.run("COMMIT");
    return result;
  } catch (error) {
    // After a failed COMMIT there is no transaction left to roll back, and the first error is the one that counts.
    await writer.run("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/** A checkpoint writes all indexes anew, so it costs by the size of the file: it is due when the log is a part of that. */
const due_log_bytes = (database_bytes: number): number =>
  Math.min(LOG_BYTES_MAX, Math.max(LOG_BYTES_MIN, database_bytes / 2));

const file_bytes = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
