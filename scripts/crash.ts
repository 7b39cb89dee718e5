// bun scripts/crash.ts [--kills N] [--each N] [--rounds N] [--seed N]: the crash suite's long form. Prints a Markdown table; the exit
// code is 0 when nothing was lost, stored twice or made up. The same seed makes the same faults in the same order.
import { parseArgs } from "node:util";
import { run_campaign } from "../test/crash/campaign.ts";
import { campaign_table, is_clean } from "../test/crash/report.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    /** How often each other fault happens. */
    each: { type: "string" },
    /** Of all that, the first so many. */
    rounds: { type: "string" },
    seed: { type: "string" },
  },
});
const kills = Number(values.kills);
const rounds_of_each = Number(values.each ?? Math.ceil(kills / 20));
const rounds_max = values.rounds === undefined ? Infinity : Number(values.rounds);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
console.log(`seed ${seed}\n`);

const result = await run_campaign(seed, { kills, rounds_of_each, rounds_max }, (round, index) => {
  const { fault, acked, stored, missing, recovery_ms, last_number } = round;
  console.error(
    `${index + 1}: ${fault}: acked ${acked}, stored ${stored}, missing ${missing}, ${Math.round(recovery_ms)} ms, up to span ${last_number}`,
  );
});
const { rounds: _rounds, server_errors, ...sums } = result;
console.log(campaign_table(result));
console.log(`\n${JSON.stringify(sums)}`);
const messages = Map.groupBy(server_errors, (line) => (JSON.parse(line) as { msg: string }).msg);
for (const [message, lines] of messages) console.log(`logged ${lines.length} times: ${message}`);
process.exitCode = is_clean(result) ? 0 : 1;
