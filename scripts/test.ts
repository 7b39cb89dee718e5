// What `npm test` runs: the checks, then `bun test` with its own output. Whatever failed is named once more at the end,
// and the very last line is `N passed, N failed`; a check that fails counts as a failure.
//
// Arguments go to `bun test`; `--tests-only` leaves the checks out. The tests of the executable, which need a build,
// run when they are asked for (`npm run test:executable`).
import { join } from "node:path";
import { ensure_chromium } from "./chromium.ts";

const ROOT = join(import.meta.dir, "..");
const BIN = join(ROOT, "node_modules", ".bin");
const EXECUTABLE_TESTS = "test/executable";
/** Files of tests that run at the same time: many wait for a server, a disk or a browser. */
const PARALLEL = 2;
/** Of a test that names none of its own: nothing is timed, and other people's work may be on the machine. */
const TEST_MS_MAX = 30_000;

const CHECKS = {
  types: ["tsc", "-p", "."],
  "types of the page": ["tsc", "-p", "src/studio/page"],
  lint: ["oxlint", "--type-aware"],
  format: ["oxfmt", "--check", "."],
  contracts: ["buf", "lint"],
};

type Outcome = { passed: number; failures: string[] };

async function run_check(name: string, [tool, ...args]: string[]): Promise<string[]> {
  console.log(`== ${name}: ${[tool, ...args].join(" ")}`);
  const check = Bun.spawn([join(BIN, tool), ...args], { cwd: ROOT, stdout: "inherit", stderr: "inherit" });
  return (await check.exited) === 0 ? [] : [`(fail) ${name}: ${[tool, ...args].join(" ")}`];
}

/** Bun writes results and summary to standard error; they are passed on as they come. */
async function run_tests(args: string[]): Promise<Outcome> {
  const is_asked = args.some((arg) => arg.includes(EXECUTABLE_TESTS));
  const ignored = is_asked ? [] : [`--path-ignore-patterns=${EXECUTABLE_TESTS}/**`];
  const tests = Bun.spawn(
    [process.execPath, "test", `--parallel=${PARALLEL}`, `--timeout=${TEST_MS_MAX}`, ...ignored, ...args],
    {
      cwd: ROOT,
      env: { ...process.env, ...(process.stderr.isTTY && { FORCE_COLOR: "1" }) },
      stdout: "inherit",
      stderr: "pipe",
    },
  );
  let output = "";
  for await (const piece of tests.stderr.pipeThrough(new TextDecoderStream())) {
    process.stderr.write(piece);
    output += piece;
  }
  return outcome_of(Bun.stripANSI(output), await tests.exited);
}

function outcome_of(output: string, exit_code: number): Outcome {
  const count = (what: string) =>
    Number(
      output
        .match(new RegExp(`^ *(\\d+) ${what}$`, "gm"))
        ?.at(-1)
        ?.trim()
        .split(" ")[0] ?? 0,
    );
  const [passed, failed] = [count("pass"), count("fail")];
  // A long run names its failures twice: where they happened and at the end.
  const failures: string[] = failed === 0 ? [] : (output.match(/^\(fail\) .*$/gm) ?? []).slice(-failed);
  // A file that does not load fails without a name, and so does a run that ends early or finds no tests.
  while (failures.length < failed) failures.push("(fail) unnamed: see above");
  if (failures.length === 0 && exit_code !== 0) failures.push(`(fail) bun test: exit code ${exit_code}`);
  if (failures.length === 0 && passed === 0) failures.push("(fail) bun test: no test was executed");
  return { passed, failures };
}

const args = process.argv.slice(2);
const failures: string[] = [];
if (!args.includes("--tests-only")) {
  for (const [name, command] of Object.entries(CHECKS)) failures.push(...(await run_check(name, command)));
}
// What is missing is said at once, and not by each test of the page.
await ensure_chromium();
const tests = await run_tests(args.filter((arg) => arg !== "--tests-only"));
failures.push(...tests.failures);

console.log(["", ...failures, `${tests.passed} passed, ${failures.length} failed`].join("\n"));
process.exitCode = failures.length === 0 ? 0 : 1;
