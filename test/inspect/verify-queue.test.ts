import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { verify } from "../../src/inspect/index.ts";
import type { Fault } from "../../src/store/index.ts";
import { open_wal, queue_files, ulid_to_text } from "../../src/wal/index.ts";
import { config_of, open_data_store } from "../support/data-dir.ts";
import { run_program } from "../support/program.ts";
import { make_sqlite_queue, sqlite_queue_key } from "../support/sqlite-queue.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

let dir: TempDir;
let directory: string;
beforeEach(async () => {
  dir = temp_dir();
  directory = join(dir.path, "wal");
  await (await open_data_store(dir.path))[Symbol.asyncDispose]();
});
afterEach(() => dir[Symbol.dispose]());

async function faults(): Promise<Fault[]> {
  const found: Fault[] = [];
  await verify(config_of(dir.path), (fault) => found.push(fault));
  return found;
}

describe("verify", () => {
  it("reads what is queued", async () => {
    {
      await using wal = open_wal({ directory, bytes_max: 1e9, disk_free_bytes_min: 0 });
      for (const text of ["first", "second", "third"]) await wal.append(Buffer.from(text), 1);
    }
    expect(await verify(config_of(dir.path), () => undefined)).toMatchObject({
      queued_request_count: 3,
      fault_count: 0,
    });
    const [file] = queue_files(directory);
    const bytes = readFileSync(file);
    bytes[bytes.indexOf("second")] ^= 0xff;
    writeFileSync(file, bytes);
    expect(await faults()).toEqual([
      {
        path: directory,
        what: expect.stringMatching(/^the request at [0-9A-Z]{26}, of 1 spans, is damaged$/) as string,
      },
    ]);
  });

  it("reads what an earlier release has queued, and leaves it as it is", async () => {
    const path = join(directory, "queue.sqlite");
    mkdirSync(directory);
    make_sqlite_queue(path, 3);
    expect(await verify(config_of(dir.path), () => undefined)).toMatchObject({
      queued_request_count: 0,
      earlier_queued_request_count: 3,
      fault_count: 0,
    });
    expect(readdirSync(directory)).toEqual(["queue.sqlite"]);
    expect(await run_program(["verify"], { DATA_DIR: dir.path })).toMatchObject({
      exit_code: 0,
      stdout: expect.stringMatching(/\n3 requests in the queue of an earlier release, [^]*\nwhole\n$/),
    });
  });

  it("reads what is still in the log of such a queue", async () => {
    const copied = join(dir.path, "earlier");
    mkdirSync(copied);
    make_sqlite_queue(join(copied, "queue.sqlite"), 2);
    {
      using writer = new Database(join(copied, "queue.sqlite"));
      writer.run("DELETE FROM wal WHERE rowid = 1");
      cpSync(copied, directory, { recursive: true });
    }
    expect(existsSync(join(directory, "queue.sqlite-wal"))).toBe(true);
    expect(await verify(config_of(dir.path), () => undefined)).toMatchObject({
      earlier_queued_request_count: 1,
      fault_count: 0,
    });
  });

  it("names what is damaged of such a queue, or that all of it is", async () => {
    const path = join(directory, "queue.sqlite");
    mkdirSync(directory);
    make_sqlite_queue(path, 3);
    {
      using database = new Database(path);
      database.run("UPDATE wal SET body = zeroblob(length(body)) WHERE rowid = 2");
    }
    const what = `the request at ${ulid_to_text(sqlite_queue_key(20))} is damaged`;
    expect(await faults()).toEqual([{ path, what }]);
    writeFileSync(path, "garbage ".repeat(10_000));
    expect(await faults()).toEqual([{ path, what: "can't be read: file is not a database" }]);
  });
});
