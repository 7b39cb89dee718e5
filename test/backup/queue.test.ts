import { expect, it } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { make_backup } from "../../src/backup/index.ts";
import { load_config, queue_directory } from "../../src/config/index.ts";
import { open_wal, open_wal_reader, type Wal, type WalEntry } from "../../src/wal/index.ts";
import { poll_until } from "../support/poll-until.ts";
import { temp_dir } from "../support/temp-dir.ts";

const BODY_BYTES = 5_000;
const KEPT_ENTRIES = 30;
/** Segments hold five entries. */
const WAL_BYTES_MAX = 8 * 5 * (BODY_BYTES + 100);

const read_all = (directory: string): WalEntry[] => {
  using reader = open_wal_reader(directory);
  return reader.read(null, { span_count_max: Infinity, bytes_max: Infinity });
};
const number_of = ({ body }: WalEntry) => Number(Buffer.from(body).toString().split(" ")[0]);

/** Appends numbered entries and trims all but the newest. */
class RollingLoad implements AsyncDisposable {
  acked = 0;
  trimmed = 0;
  private is_stopped = false;
  private readonly ended: Promise<void>;

  constructor(
    private readonly wal: Wal,
    private readonly directory: string,
  ) {
    this.ended = this.run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.is_stopped = true;
    await this.ended;
  }

  private async run(): Promise<void> {
    while (!this.is_stopped) {
      if (this.wal.queued_bytes < WAL_BYTES_MAX - 2 * BODY_BYTES) {
        await this.wal.append(Buffer.alloc(BODY_BYTES, `${this.acked} `), 1);
        this.acked++;
      }
      const entries = read_all(this.directory);
      const through = entries.at(-KEPT_ENTRIES);
      if (through !== undefined) {
        this.wal.trim(through.last_key);
        this.trimmed = Math.max(this.trimmed, number_of(through) + 1);
      }
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
}

it("copies a queue whose segments are begun and trimmed meanwhile, with all that was there and nothing damaged", async () => {
  using dir = temp_dir();
  const config = load_config({ env: {}, flags: { data_dir: join(dir.path, "data") } });
  const directory = queue_directory(config);
  const open = (at: string) => open_wal({ directory: at, bytes_max: WAL_BYTES_MAX, disk_free_bytes_min: 0 });
  await using wal = open(directory);
  await using load = new RollingLoad(wal, directory);
  await poll_until(() => load.trimmed > 0, { what: "a queue that is being trimmed" });
  const target = join(dir.path, "copy");
  for (let round = 0; round < 5; round++) {
    const acked_before = load.acked;
    await make_backup(config, target);
    const trimmed_then = load.trimmed;
    {
      await using _restored = open(join(target, "wal"));
      const entries = read_all(join(target, "wal"));
      expect(entries.filter(({ is_damaged }) => is_damaged)).toEqual([]);
      const numbers = new Set(entries.map(number_of));
      expect(Math.max(...numbers)).toBeGreaterThanOrEqual(acked_before - 1);
      for (let number = trimmed_then; number < acked_before; number++) expect(numbers).toContain(number);
    }
    rmSync(target, { recursive: true });
  }
}, 20_000);
