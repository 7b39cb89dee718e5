import { statSync } from "node:fs";
import { blobValue, DuckDBBlobValue, type DuckDBConnection, type DuckDBInstance } from "@duckdb/node-api";
import type { DecodedBatch } from "../../decode/index.ts";
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
import { connect, type DatabaseOptions, first_line, open_database } from "./database.ts";
import { Queries } from "./queries.ts";
import { ReaderPool } from "./reader-pool.ts";
import { batch_insert_spans, batch_insert_state_patches } from "./repository.ts";
import get_position_sql from "./sql/get-position.sql" with { type: "text" };
import put_dead_letter_sql from "./sql/put-dead-letter.sql" with { type: "text" };
import put_position_sql from "./sql/put-position.sql" with { type: "text" };
import stage_sql from "./sql/stage.sql" with { type: "text" };

const READER_COUNT = 4;
/** DuckDB's log is brought into the file at the latest when it is this long, so that its replay takes seconds. */
const LOG_BYTES_MAX = 1024 * 1024 * 1024;
const LOG_BYTES_MIN = 128 * 1024 * 1024;

/** Opens the DuckDB store; its tables are there when this resolves. Rejects with StoreError. */
export async function open_store(options: DatabaseOptions): Promise<SpanStore> {
  const instance = await open_database(options);
  const writer = await connect(instance);
  await writer.run(stage_sql);
  return new DuckDbStore(instance, writer, await ReaderPool.open(instance, READER_COUNT), options.path);
}

class DuckDbStore implements SpanStore {
  private readonly queries: Queries;
  /** The append that is under way: one transaction at a time. */
  private writing: Promise<unknown> = Promise.resolve();
  private is_closed = false;

  constructor(
    private readonly instance: DuckDBInstance,
    private readonly writer: DuckDBConnection,
    private readonly readers: ReaderPool,
    private readonly path: string,
  ) {
    this.queries = new Queries(readers);
  }

  append(batch: DecodedBatch, dead_letters: readonly DeadLetter[], position: SourcePosition): Promise<AppendResult> {
    return this.alone(() =>
      this.in_transaction(async () => {
        const inserted_spans = await batch_insert_spans(this.writer, batch.spans, batch.heap);
        const patches = await batch_insert_state_patches(this.writer, batch.patches, batch.heap);
        for (const { source, key, reason, body } of dead_letters) {
          const letter = { source, key: blobValue(key), reason, body: blobValue(body) };
          await this.writer.run(put_dead_letter_sql, letter);
        }
        await this.writer.run(put_position_sql, { source: position.source, last_key: blobValue(position.last_key) });
        return { inserted_spans, inserted_patches: patches.inserted, refused_patches: patches.refused };
      }),
    );
  }

  checkpoint_when_due(): Promise<boolean> {
    return this.alone(async () => {
      const log_bytes = file_bytes(`${this.path}.wal`);
      if (log_bytes === 0) return true;
      if (log_bytes < due_log_bytes(file_bytes(this.path))) return false;
      await this.writer.run("CHECKPOINT");
      return true;
    });
  }

  position(source: string): Promise<Ulid | null> {
    return this.read(async () => {
      const found = await this.readers.use((connection) => connection.runAndReadAll(get_position_sql, { source }));
      const key = found.getRows()[0]?.[0];
      return key instanceof DuckDBBlobValue ? key.bytes : null;
    });
  }

  service_names(range: PageRange): Promise<{ has_more: boolean; names: string[] }> {
    return this.read(() => this.queries.service_names(range));
  }

  root_spans(service_name: string, only_llm_traces: boolean, range: PageRange): Promise<SpanPage> {
    return this.read(() => this.queries.root_spans(service_name, only_llm_traces, range));
  }

  workflow_spans(service_name: string, range: PageRange): Promise<SpanPage> {
    return this.read(() => this.queries.workflow_spans(service_name, range));
  }

  trace_spans(trace_id: string, range: PageRange): Promise<SpanPage> {
    return this.read(() => this.queries.trace_spans(trace_id, range));
  }

  span(trace_id: string, span_id: string): Promise<string | null> {
    return this.read(() => this.queries.span(trace_id, span_id));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.is_closed) return;
    await this.alone(async () => {
      this.is_closed = true;
    });
    await this.readers[Symbol.asyncDispose]();
    this.writer.closeSync();
    this.instance.closeSync();
  }

  private async in_transaction<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.writer.run("BEGIN");
    try {
      const result = await work();
      await this.writer.run("COMMIT");
      return result;
    } catch (error) {
      // After a failed COMMIT there is no transaction left to roll back, and the first error is the one that counts.
      await this.writer.run("ROLLBACK").catch(() => undefined);
      throw error;
    }
  }

  /** Runs `work` when what was begun before has ended. */
  private alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.writing.then(() => this.read(work));
    this.writing = result.catch(() => undefined);
    return result;
  }

  private async read<Result>(work: () => Promise<Result>): Promise<Result> {
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

/** A checkpoint writes all indexes anew, so it costs by the size of the file: it is due when the log is a part of that. */
const due_log_bytes = (database_bytes: number): number =>
  Math.min(LOG_BYTES_MAX, Math.max(LOG_BYTES_MIN, database_bytes / 2));

const file_bytes = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
