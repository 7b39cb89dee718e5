import { expect, it } from "bun:test";
import { run_campaign } from "./campaign.ts";
import { campaign_table } from "./report.ts";

/** A third of the faults, others each time; the long form has them all, again and again. */
const ROUNDS = 6;

it("loses nothing that was acknowledged and stores nothing twice, whatever goes wrong", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`crash suite: npm run crash -- --kills 3 --each 1 --rounds ${ROUNDS} --seed ${seed}`);
  const result = await run_campaign(seed, { kills: 3, rounds_of_each: 1, rounds_max: ROUNDS });
  console.log(campaign_table(result));
  if (result.skipped.length > 0)
    console.log(`skipped, since nothing can be mounted here: ${result.skipped.join(", ")}`);
  expect(result.acked_spans).toBeGreaterThan(500);
  expect(result.refusals).toEqual([]);
  for (const round of result.rounds) expect(round).toMatchObject({ missing: 0, duplicated: 0, never_sent: 0 });
  expect(result.end).toMatchObject({ missing: 0, duplicated: 0, never_sent: 0 });
  expect(result.end.undead).toBe(0);
  expect(result.deletions.answered).toBeGreaterThan(0);
  expect(result.old_spans.left).toBeLessThan(result.old_spans.sent);
  expect(result.end).toMatchObject({ duplicated_patches: 0, wrong_patches: 0, dead_letters: 0 });
}, 120_000);
