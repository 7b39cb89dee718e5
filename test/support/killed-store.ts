import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { open_store, type SpanStore } from "../../src/store/index.ts";
import { collecting_logger, type LogLine } from "./collecting-logger.ts";
import { span_init } from "./otlp.ts";
import { append_spans, page_rows, STORE_OPTIONS } from "./store.ts";
import { temp_dir, type TempDir } from "./temp-dir.ts";

const ERROR = 50;

/** What a killed process has left: two sealed spans, of which DuckDB's log alone knows; two were in memory. */
export class KilledStore implements Disposable {
  private readonly temp_dir: TempDir = temp_dir();
  private lines: LogLine[] = [];
  /** Behind which its source would go on. */
  position: Uint8Array | null = null;

  static async create(): Promise<KilledStore> {
    const left = new KilledStore();
    using alive = temp_dir();
    await using store = await open_store({ path: join(alive.path, "traces.duckdb"), ...STORE_OPTIONS });
    await append_spans(store, [span_init({ name: "old" }), span_init({ name: "old" })]);
    await store.seal();
    left.position = store.durable_position("test");
    await append_spans(store, [span_init({ name: "new" }), span_init({ name: "new" })]);
    cpSync(alive.path, left.directory, { recursive: true });
    return left;
  }

  get directory(): string {
    return this.temp_dir.path;
  }

  get path(): string {
    return join(this.directory, "traces.duckdb");
  }

  get segments(): string {
    return join(this.directory, "segments");
  }

  open(options: { hot_age_max_ms?: number } = {}): Promise<SpanStore> {
    const { logger, lines } = collecting_logger();
    this.lines = lines;
    return open_store({ path: this.path, ...STORE_OPTIONS, ...options }, logger);
  }

  /** Of what the store that was opened last has logged. */
  get errors(): LogLine[] {
    return this.lines.filter(({ level }) => level >= ERROR);
  }

  get damaged_files(): string[] {
    return readdirSync(this.directory).filter((name) => name.includes(".damaged-"));
  }

  [Symbol.dispose](): void {
    this.temp_dir[Symbol.dispose]();
  }
}

/** Of all root spans. */
export async function span_names(store: SpanStore): Promise<string[]> {
  const page = await store.list("roots", "shop", { limit: null, offset: 0 });
  return (await page_rows(page)).map(({ name }) => String(name)).sort();
}
