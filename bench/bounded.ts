// bun bench/bounded.ts [--before N] [--spans N] [--rate N] [--memory-mib N] [--binary]: a server in a cgroup with little memory
// takes spans as fast as it can, then more of them at a steady rate, while it is asked questions. Needs the right to make a cgroup. Prints a Markdown table.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LoadPlan, SPANS_PER_REQUEST } from "./ladder/load-plan.ts";
import { answer_times, questions } from "./ladder/questions.ts";
import { send, stored, stored_count } from "./measure.ts";
import { type Server, start_program } from "./processes.ts";
import { cells, head, line } from "./table.ts";

const MIB = 1024 * 1024;
/** How often each question is asked in a round. */
const TIMES = 5;
const ROUND_PAUSE_MS = 1_000;
/** Before that some questions have no answer. */
const FIRST_ROUND_SPANS = 200_000;

const { values } = parseArgs({
  options: {
    before: { type: "string", default: "18000000" },
    spans: { type: "string", default: "2400000" },
    rate: { type: "string", default: "20000" },
    "memory-mib": { type: "string", default: "1024" },
    binary: { type: "boolean", default: false },
  },
});
const requests_before = Math.ceil(Number(values.before) / SPANS_PER_REQUEST);
const spans_before = requests_before * SPANS_PER_REQUEST;
const spans = Math.ceil(Number(values.spans) / SPANS_PER_REQUEST) * SPANS_PER_REQUEST;
const directory = mkdtempSync(join(tmpdir(), "junjo-traces-bounded-"));
const plan = new LoadPlan(BigInt(Date.now() - 24 * 3_600_000) * 1_000_000n, false);

/** A cgroup with a limit, of version 1 or 2. */
class MemoryGroup implements Disposable {
  private readonly is_v2 = existsSync("/sys/fs/cgroup/cgroup.controllers");
  private readonly path = join(this.is_v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory", `junjo-traces-${process.pid}`);

  constructor(bytes: number) {
    mkdirSync(this.path);
    writeFileSync(join(this.path, this.is_v2 ? "memory.max" : "memory.limit_in_bytes"), String(bytes));
  }

  /** Runs what follows in the group. */
  get command(): string[] {
    return ["sh", "-c", `echo $$ > ${join(this.path, "cgroup.procs")} && exec "$@"`, "sh"];
  }

  /** With the files that the system keeps in memory for it, which it gives up when asked. */
  get peak_mib(): number {
    return Number(this.read(this.is_v2 ? "memory.peak" : "memory.max_usage_in_bytes")) / MIB;
  }

  [Symbol.dispose](): void {
    rmdirSync(this.path);
  }

  private read(file: string): string {
    return readFileSync(join(this.path, file), "utf8");
  }
}

type Times = { p50_ms: number[]; p99_ms: number[] };

/** Asks everything in rounds, about what was sent by then, until `is_over`. */
async function ask_all_the_while(server: Server, is_over: () => boolean): Promise<Map<string, Times>> {
  const asked = new Map<string, Times>();
  for (let round = 1; !is_over(); round++) {
    await Bun.sleep(ROUND_PAUSE_MS);
    // Requests come about in the order of their numbers.
    const request_count = Math.floor((0.9 * (await stored_count(server))) / SPANS_PER_REQUEST);
    if (request_count * SPANS_PER_REQUEST < FIRST_ROUND_SPANS) continue;
    for (const question of questions(plan, request_count)) {
      const port = server.ports.http ?? 0;
      const { p50_ms, p99_ms } = await answer_times(port, { ...question, times: TIMES }, round * TIMES);
      const times = asked.get(question.name) ?? { p50_ms: [], p99_ms: [] };
      times.p50_ms.push(p50_ms);
      times.p99_ms.push(p99_ms);
      asked.set(question.name, times);
    }
  }
  return asked;
}

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

try {
  using group = new MemoryGroup(Number(values["memory-mib"]) * MIB);
  await using server = await start_program("serve", directory, values.binary, group.command);
  const filling = await send(server, { spans: spans_before, protocol: "http" }, plan.load_options(0));
  await stored(server, spans_before);
  const filling_seconds = (Date.now() - filling.began_unix_ms) / 1000;
  const cpu_before = server.cpu_seconds();
  let is_over = false;
  const sending = send(
    server,
    { spans, protocol: "http", rate: Number(values.rate) },
    plan.load_options(requests_before),
  ).then(async (load) => {
    await stored(server, spans_before + spans);
    return load;
  });
  void sending.finally(() => (is_over = true));
  const asked = await ask_all_the_while(server, () => is_over);
  const load = await sending;
  head(["", `${spans.toLocaleString("en-US")} spans at ${values.rate}/s in ${values["memory-mib"]} MiB`]);
  line([
    `before that ${spans_before.toLocaleString("en-US")}, settled/s`,
    ...cells([spans_before / filling_seconds], 0),
  ]);
  const seconds = (Date.now() - load.began_unix_ms) / 1000;
  line(["CPU, of a core", ...cells([(server.cpu_seconds() - cpu_before) / seconds], 2)]);
  line(["peak RSS MiB", ...cells([server.peak_rss_mib()], 0)]);
  line(["RSS MiB at the end", ...cells([server.rss_mib()], 0)]);
  line(["peak of the cgroup MiB, with cached files", ...cells([group.peak_mib], 0)]);
  line(["ack p50, p99 ms", cells([load.p50_ms, load.p99_ms], 1).join(", ")]);
  for (const [name, { p50_ms, p99_ms }] of asked) {
    line([`${name}, median and slowest ms`, cells([median(p50_ms), Math.max(...p99_ms)], 1).join(", ")]);
  }
  await server[Symbol.asyncDispose]();
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit();
