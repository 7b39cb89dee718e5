import { statSync } from "node:fs";
import { join } from "node:path";
import { blobValue, DuckDBBlobValue, type DuckDBConnection } from "@duckdb/node-api";
import { INTERNAL_SPAN_COLUMNS, SPAN_COLUMNS } from "../../../decode/index.ts";
import type { Ulid } from "../../../wal/index.ts";
import { column_names, no_rows } from "../column-types.ts";
import { in_transaction } from "../database.ts";
import { sql_list, sql_text } from "../row-source.ts";
import put_position_sql from "../sql/put-position.sql" with { type: "text" };
import put_segment_sql from "../sql/put-segment.sql" with { type: "text" };
import { derived_sql, type PatchSource, rows_sql } from "./patches-sql.ts";
import { Segment } from "./segment.ts";
import { PATCHES_FILE, SPANS_FILE } from "./segment-files.ts";

/** DuckDB's log, beyond which it is brought into the file: dead letters may be large. */
const LOG_BYTES_MAX = 16 * 1024 * 1024;

/** What a change of the catalog does, all of it in one transaction. */
export type CatalogChange = {
  added: readonly Segment[];
  removed_ids: readonly string[];
  positions: ReadonlyMap<string, Ulid>;
  new_straddling_llm_traces: Iterable<string>;
  old_straddling_llm_traces?: readonly string[];
  /** What else belongs into the transaction. */
  also?: () => Promise<void>;
};

/** The tables that say which segments count, and how far each source is stored. */
export class Catalog {
  constructor(
    private readonly connection: DuckDBConnection,
    private readonly database_path: string,
  ) {}

  async segment_ids(): Promise<string[]> {
    return (await this.column("SELECT segment_id FROM segments ORDER BY segment_id")).map(String);
  }

  async positions(): Promise<Map<string, Ulid>> {
    const found = await this.connection.runAndReadAll("SELECT source, last_key FROM source_positions");
    return new Map(
      found.getRows().flatMap(([source, key]) => (key instanceof DuckDBBlobValue ? [[String(source), key.bytes]] : [])),
    );
  }

  async straddling_llm_traces(): Promise<string[]> {
    return (await this.column("SELECT trace_id FROM straddling_llm_traces")).map(String);
  }

  /** On disk when it resolves; nothing of it is done when it rejects. */
  async change(change: CatalogChange): Promise<void> {
    const { connection } = this;
    const { added, removed_ids, positions, new_straddling_llm_traces, old_straddling_llm_traces = [], also } = change;
    await in_transaction(connection, async () => {
      if (removed_ids.length > 0) {
        await connection.run(`DELETE FROM segments WHERE segment_id IN (${sql_list(removed_ids)})`);
      }
      for (const segment of added) await this.put(segment);
      for (const [source, key] of positions) {
        await connection.run(put_position_sql, { source, last_key: blobValue(key) });
      }
      await also?.();
      if (old_straddling_llm_traces.length > 0) {
        const old = sql_list(old_straddling_llm_traces);
        await connection.run(`DELETE FROM straddling_llm_traces WHERE trace_id IN (${old})`);
      }
      const traces = sql_list(new_straddling_llm_traces);
      if (traces !== "") {
        await connection.run(`INSERT OR IGNORE INTO straddling_llm_traces SELECT unnest([${traces}])`);
      }
    });
  }

  /** DuckDB itself never does it (see open_database), and replays its log at the start. */
  async checkpoint_when_long(): Promise<void> {
    if (file_bytes(`${this.database_path}.wal`) > LOG_BYTES_MAX) await this.checkpoint();
  }

  /** When it resolves the database file says all that was changed, without its log. */
  async checkpoint(): Promise<void> {
    await this.connection.run("CHECKPOINT");
  }

  /**
   * Lets whoever opens the file without this program find the rows under the tables' names: those of the segments in the
   * directory, now or later. There must be one.
   */
  async name_rows(directory: string, segments: readonly PatchSource[]): Promise<void> {
    const files = (name: string) => sql_text(join(directory, ANY_SEGMENT_ID, name));
    const spans = `read_parquet(${files(SPANS_FILE)})`;
    const are_alike = segments.every(({ has_derived_patches }) => has_derived_patches);
    const derived = derived_sql(are_alike ? spans : of_any_format(files(SPANS_FILE)));
    await this.connection.run(`CREATE OR REPLACE VIEW spans AS SELECT ${column_names(SPAN_COLUMNS)} FROM ${spans}`);
    await this.connection.run(
      `CREATE OR REPLACE VIEW state_patches AS ${rows_sql(files(PATCHES_FILE))} UNION ALL ${derived}`,
    );
  }

  private async put(segment: Segment): Promise<void> {
    const { manifest, file_bytes } = segment;
    await this.connection.run(put_segment_sql, {
      segment_id: segment.id,
      span_count: BigInt(manifest.span_count),
      patch_count: BigInt(manifest.patch_count),
      file_bytes: BigInt(file_bytes),
      min_start_us: segment.min_start_us,
      max_start_us: segment.max_start_us,
      services: JSON.stringify([...segment.services.keys()]),
      sealed_at: manifest.sealed_at,
      manifest: JSON.stringify(manifest),
    });
  }

  private async column(sql: string) {
    return (await this.connection.runAndReadAll(sql)).getRows().map(([value]) => value);
  }
}

/** For glob(3): a UUID alone, and not with what is behind it while a segment is unfinished, or when it was moved aside. */
const ANY_SEGMENT_ID = [8, 4, 4, 4, 12].map((length) => "?".repeat(length)).join("-");

/** Files that may lack columns, which are null then. All of them have to be looked into. */
const of_any_format = (spans: string): string =>
  `(FROM read_parquet(${spans}, union_by_name = true) UNION ALL BY NAME ${no_rows(INTERNAL_SPAN_COLUMNS)})`;

const file_bytes = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
