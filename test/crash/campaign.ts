import { poll_until } from "../support/poll-until.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { open_disk } from "./disk.ts";
import { DISK_FAULTS, type Fault, FAULTS } from "./faults.ts";
import { NumberedLoad } from "./numbered-load.ts";
import { Removals } from "./removals.ts";
import { ServerUnderTest } from "./server.ts";
import { compare, compare_all, type Comparison, drained, type FinalComparison, retired } from "./stored.ts";

const SENDER_COUNT = 4;
const LOAD_MS_MAX = 400;
/** The longest way back to an answer is a poller that has failed for a while: 10 s between two attempts. */
const IDLE_MS_MAX = 30_000;
const KILL = "kill -9";

export type Round = Comparison & {
  fault: string;
  acked: number;
  recovery_ms: number;
  forgiven: number;
  last_number: number;
};

export type CampaignResult = {
  rounds: Round[];
  /** All of the store at the end, compared with all that was ever acknowledged. */
  end: FinalComparison;
  /** Of traces, one span each. */
  deletions: { answered: number; unanswered: number };
  /** Spans that were too old when they came; those that are left have younger ones in their segments. */
  old_spans: { sent: number; left: number };
  sent_spans: number;
  acked_spans: number;
  forgiven_spans: number;
  retried_requests: number;
  refusals: readonly string[];
  server_errors: readonly string[];
  /** Faults that could not be made here. */
  skipped: string[];
};

/**
 * Brings faults over one server after another on one directory, while spans come in: each fault there is once, and
 * `kills` times kill -9, in an order that the seed decides, `rounds_of_each` times; the first `rounds_max` of them. Meanwhile
 * old spans are retired, and traces are deleted. After each one everything that was acknowledged since the last is looked for
 * through the API, and at the end all of it in the file.
 */
export async function run_campaign(
  seed: number,
  { kills, rounds_of_each, rounds_max = Infinity }: { kills: number; rounds_of_each: number; rounds_max?: number },
  on_round: (round: Round, index: number) => void = () => {},
): Promise<CampaignResult> {
  const random = new SeededRandom(seed);
  using disk = open_disk();
  await using server = new ServerUnderTest(disk.data_dir);
  const load = new NumberedLoad(random, SENDER_COUNT);
  const removals = new Removals(random, server);
  const faults: Record<string, Fault> = { ...FAULTS, ...(disk.faults === null ? {} : DISK_FAULTS) };
  const plan = shuffled(random, [
    ...Array.from({ length: rounds_of_each }, () => Object.keys(faults).filter((name) => name !== KILL)).flat(),
    ...Array.from({ length: kills }, () => KILL),
  ]).slice(0, rounds_max);
  const rounds: Round[] = [];
  const forgiven = new Set<number>();

  await server.start();
  load.aim(server.otlp_url);
  for (const [index, name] of plan.entries()) {
    const service = `crash-${index}`;
    const known = new Set(load.acked);
    await removals.send_old();
    await removals.delete_one([...known]);
    load.begin(service);
    const deleting = removals.delete_one([...known]);
    await Bun.sleep(random.between(20, LOAD_MS_MAX));
    const outcome = await faults[name]({ server, load, disk, random });
    for (const number of outcome.forgiven ?? []) forgiven.add(number);
    load.pause();
    await deleting;
    await poll_until(() => load.is_idle, { what: `every request answered after "${name}"`, deadline_ms: IDLE_MS_MAX });
    const acked = [...load.acked.difference(known)];
    const stored = await drained(server, service, acked);
    const round = {
      fault: name,
      acked: acked.length,
      recovery_ms: outcome.recovery_ms,
      forgiven: outcome.forgiven?.size ?? 0,
      last_number: Math.max(...acked),
      ...compare(
        stored,
        acked.filter((number) => !forgiven.has(number)),
        load.sent,
      ),
    };
    rounds.push(round);
    on_round(round, index);
  }
  await load.stop();
  const old_spans_left = await retired(disk.data_dir);
  const exit_code = await server.end("SIGTERM");
  if (exit_code !== 0) throw new Error(`exit code ${exit_code} after the last SIGTERM`);
  return {
    rounds,
    end: await compare_all(disk.data_dir, load, removals, forgiven),
    deletions: { answered: removals.deleted.size, unanswered: removals.undecided.size },
    old_spans: { sent: removals.old_spans_sent, left: old_spans_left },
    sent_spans: load.sent.size,
    acked_spans: load.acked.size,
    forgiven_spans: forgiven.size,
    retried_requests: load.retried_requests,
    refusals: load.refusals,
    server_errors: server.errors,
    skipped: disk.faults === null ? Object.keys(DISK_FAULTS) : [],
  };
}

function shuffled<Item>(random: SeededRandom, items: Item[]): Item[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = random.between(0, last);
    [items[last], items[other]] = [items[other], items[last]];
  }
  return items;
}
