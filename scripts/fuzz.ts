// bun scripts/fuzz.ts [--seconds N] [--seed N]: changed requests against the frame check, the JSON door and the decoder.
// What does harm is written to test/captures/fuzz, where it is a test from then on. The exit code is 0 when nothing did.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Fuzzer, FINDINGS } from "../test/fuzz/fuzzer.ts";

const FINDINGS_MAX = 20;
const INPUTS_A_TURN = 200;

const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" }, seed: { type: "string" } } });
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const ends_ms = performance.now() + Number(values.seconds) * 1000;
console.log(`seed ${seed}`);

const fuzzer = new Fuzzer(seed);
const found = new Set<string>();
let number = 0;
while (performance.now() < ends_ms && found.size < FINDINGS_MAX) {
  for (const turn_end = number + INPUTS_A_TURN; number < turn_end; number++) {
    const finding = fuzzer.try_input(number);
    if (finding === null) continue;
    const what = String(finding.error);
    if (found.has(what)) continue;
    found.add(what);
    mkdirSync(FINDINGS, { recursive: true });
    const name = `${Bun.hash.crc32(finding.input).toString(16)}.${finding.kind}`;
    writeFileSync(join(FINDINGS, name), finding.input);
    console.log(`input ${number}: ${name}: ${finding.error instanceof Error ? finding.error.stack : what}`);
  }
}
console.log(`${number} inputs: ${JSON.stringify(fuzzer.counts)}, ${found.size} findings`);
process.exitCode = found.size === 0 ? 0 : 1;
