import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import schema_sql from "../../schemas/sqlite/poller.sql" with { type: "text" };
import type { Ulid } from "../wal/index.ts";

/** The cursors of all sources, in a SQLite file. */
export class CursorFile implements Disposable {
  private readonly database: Database;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.database = new Database(path, { create: true, strict: true });
    this.database.run("PRAGMA journal_mode = WAL");
    this.database.run(schema_sql);
  }

  get(source: string): Ulid | null {
    const row = this.database
      .query<{ last_key: Uint8Array | null }, { source: string }>(
        "SELECT last_key FROM poller_state JOIN poller_sources USING (id) WHERE name = $source",
      )
      .get({ source });
    return row?.last_key ?? null;
  }

  /** Call it when the rows up to `last_key` are committed, not before. */
  put(source: string, last_key: Ulid): void {
    this.database.transaction(() => {
      this.database.query("INSERT OR IGNORE INTO poller_sources (name) VALUES ($source)").run({ source });
      this.database
        .query(
          `INSERT INTO poller_state (id, last_key) SELECT id, $last_key FROM poller_sources WHERE name = $source
           ON CONFLICT (id) DO UPDATE SET last_key = excluded.last_key`,
        )
        .run({ source, last_key });
    })();
  }

  [Symbol.dispose](): void {
    this.database.close();
  }
}
