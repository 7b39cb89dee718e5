import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { queue_files } from "../../src/wal/index.ts";
import { poll_until } from "../support/poll-until.ts";
import type { SeededRandom } from "../support/seeded-random.ts";
import type { Disk } from "./disk.ts";
import type { NumberedLoad } from "./numbered-load.ts";
import { numbers_in, queue_entries, queue_of } from "./queued.ts";
import type { ServerUnderTest } from "./server.ts";

export type World = { server: ServerUnderTest; load: NumberedLoad; disk: Disk; random: SeededRandom };

/**
 * Something that goes wrong while spans come in. When it resolves the server runs again, and it gives the milliseconds
 * that took; and `forgiven`: the acknowledged spans that nobody can have any more, because the only file was destroyed.
 */
export type Fault = (world: World) => Promise<{ recovery_ms: number; forgiven?: ReadonlySet<number> }>;

/** A full disk is felt, or there is still room for what comes in that long. */
const REFUSED_MS_MAX = 1_000;
const FREEZE_MS_MAX = 2_000;
/** About as long as a start takes. */
const START_MS = 800;
const STEP_BACK_MS = -3_600_000;

/** Those that can happen on every machine. */
export const FAULTS: Record<string, Fault> = {
  "kill -9": (world) => restart(world, () => {}),

  "kill -9 while it starts": async (world) => {
    await end(world, "SIGKILL");
    await world.server.start_and_kill(world.random.between(0, START_MS));
    return start(world);
  },

  SIGTERM: async (world) => {
    const exit_code = await end(world, "SIGTERM");
    if (exit_code !== 0) throw new Error(`exit code ${exit_code} after SIGTERM`);
    return start(world);
  },

  "SIGSTOP, SIGCONT": async ({ server, random }) => {
    server.running.kill("SIGSTOP");
    await Bun.sleep(random.between(1, FREEZE_MS_MAX));
    server.running.kill("SIGCONT");
    return { recovery_ms: await until_healthy(server) };
  },

  "garbage behind the queue's newest segment": (world) =>
    restart(world, () => {
      const newest = queue_files(queue_of(world.server.data_dir)).at(-1);
      if (newest !== undefined) appendFileSync(newest, world.random.bytes(world.random.between(1, 40_000)));
    }),

  "queue's last record damaged": async (world) => {
    await end(world, "SIGKILL");
    const forgiven = damage_last_record(world);
    return { ...(await start(world)), forgiven };
  },

  "cursor file deleted": (world) => restart(world, () => remove(world.server.data_dir, "poller.sqlite")),

  "clock an hour back": async (world) => {
    await end(world, "SIGKILL");
    return start(world, STEP_BACK_MS);
  },

  "DuckDB file removed": (world) =>
    destroy(world, (path) => {
      rmSync(path);
      if (world.random.chance(0.5)) rmSync(`${path}.wal`, { force: true });
    }),

  "DuckDB file damaged": (world) =>
    destroy(world, (path) => {
      if (world.random.chance(0.5)) truncateSync(path, world.random.between(0, statSync(path).size - 1));
      else writeFileSync(path, world.random.bytes(20_000));
    }),

  "DuckDB log damaged": (world) =>
    restart(world, () => {
      const log = join(world.server.data_dir, "duckdb", "traces.duckdb.wal");
      if (!existsSync(log) || statSync(log).size < 1_000) return;
      const bytes = world.random.bytes(statSync(log).size);
      if (world.random.chance(0.5)) truncateSync(log, world.random.between(0, bytes.length - 1));
      else writeFileSync(log, bytes);
    }),
};

/** Until so many attempts were made in vain since now, or the deadline has passed: there may be room left. */
async function until_refused({ load }: World, attempts: number): Promise<void> {
  const wanted = load.failed_attempts + attempts;
  const deadline_ms = performance.now() + REFUSED_MS_MAX;
  const is_over = () => load.failed_attempts >= wanted || performance.now() >= deadline_ms;
  await poll_until(is_over, { what: "a full disk that is felt" });
}

/** Those that need a disk that can be filled and made read-only. */
export const DISK_FAULTS: Record<string, Fault> = {
  "full disk": async (world) => {
    disk_faults(world).fill();
    await until_refused(world, world.random.between(4, 40));
    disk_faults(world).make_room();
    return { recovery_ms: await until_taken(world) };
  },

  "full disk, kill -9": async (world) => {
    disk_faults(world).fill();
    await until_refused(world, world.random.between(1, 20));
    await end(world, "SIGKILL");
    disk_faults(world).make_room();
    return start(world);
  },

  "full disk, kill -9, start on the full disk": async (world) => {
    disk_faults(world).fill();
    await until_refused(world, world.random.between(1, 20));
    await end(world, "SIGKILL");
    const damaged_before = damaged_files(world);
    // It may start or not.
    await world.server.start().then(
      () => world.server.end("SIGKILL"),
      () => undefined,
    );
    if (damaged_files(world) > damaged_before) throw new Error("a full disk was taken for damage");
    disk_faults(world).make_room();
    return start(world);
  },

  "unwritable directory": async (world) => {
    await end(world, "SIGKILL");
    disk_faults(world).make_read_only();
    const failed = await world.server.start().then(
      () => "it started",
      (error: unknown) => String(error),
    );
    disk_faults(world).make_writable();
    if (!failed.includes("junjo-traces: cannot start")) throw new Error(`on a read-only disk: ${failed}`);
    return start(world);
  },
};

async function end({ server, load }: World, signal: "SIGKILL" | "SIGTERM"): Promise<number> {
  if (signal === "SIGKILL") load.aim(null);
  const exit_code = await server.end(signal);
  load.aim(null);
  return exit_code;
}

async function start({ server, load }: World, clock_offset_ms?: number): Promise<{ recovery_ms: number }> {
  const recovery_ms = await server.start(clock_offset_ms);
  load.aim(server.otlp_url);
  return { recovery_ms };
}

async function restart(world: World, while_down: () => void): Promise<{ recovery_ms: number }> {
  await end(world, "SIGKILL");
  while_down();
  return start(world);
}

/** The segments say what was in the file, and the queue keeps what is not in segments: nothing is forgiven. */
const destroy = (world: World, damage: (path: string) => void) =>
  restart(world, () => damage(join(world.server.data_dir, "duckdb", "traces.duckdb")));

/**
 * Changes bytes of the queue's last record, or cuts it short, and gives the spans that it held: it can't be told from one
 * that was torn. All others must be there.
 */
function damage_last_record(world: World): ReadonlySet<number> {
  const body = queue_entries(world.server.data_dir).at(-1)?.body;
  const path = queue_files(queue_of(world.server.data_dir)).at(-1);
  if (body === undefined || path === undefined) return new Set();
  const file = readFileSync(path);
  // Behind a write that was torn, or in a segment before this one, it would not be the last.
  if (!file.subarray(-body.length).equals(body)) return new Set();
  const at = file.length - world.random.between(1, body.length);
  if (world.random.chance(0.5)) truncateSync(path, at);
  else writeFileSync(path, file.with(at, file[at] ^ 0xff));
  return new Set(numbers_in(body));
}

function remove(directory: string, prefix: string): void {
  for (const name of readdirSync(directory)) if (name.startsWith(prefix)) rmSync(join(directory, name));
}

async function until_healthy(server: ServerUnderTest): Promise<number> {
  const began_ms = performance.now();
  await poll_until(async () => (await server.running.get("/healthz")).ok, { what: "an answer after SIGCONT" });
  return performance.now() - began_ms;
}

/** Until spans are acknowledged again, by the same process. */
async function until_taken({ load }: World): Promise<number> {
  const began_ms = performance.now();
  const acked_before = load.acked.size;
  await poll_until(() => load.acked.size > acked_before, { what: "an acknowledgement after there was room" });
  return performance.now() - began_ms;
}

const damaged_files = ({ server }: World): number =>
  readdirSync(server.data_dir, { recursive: true, encoding: "utf8" }).filter((name) => name.includes(".damaged-"))
    .length;

function disk_faults({ disk }: World) {
  if (disk.faults === null) throw new Error("this disk can't be filled");
  return disk.faults;
}
