// npm run bench -- [--only acks|ladder] [--spans N] [--sizes N,N] [--large] [--binary]: what acknowledging and storing
// spans costs, then a store that grows and what it answers at each size. Prints Markdown tables.
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    /** Of each row of the first part. */
    spans: { type: "string", default: "300000" },
    /** At which the second part asks its questions. */
    sizes: { type: "string", default: "1000000,10000000" },
    /** Another one: 50 million. Takes 20 minutes, and 20 GB of disk. */
    large: { type: "boolean", default: false },
    binary: { type: "boolean", default: false },
  },
});

const flags = (names: readonly ("large" | "binary")[]) =>
  names.filter((name) => values[name]).map((name) => `--${name}`);
const parts: Record<string, string[]> = {
  acks: ["acks.ts", "--spans", values.spans, ...flags(["binary"])],
  ladder: ["ladder/main.ts", "--sizes", values.sizes, ...flags(["large", "binary"])],
};

for (const [name, [script, ...args]] of Object.entries(parts)) {
  if (values.only !== undefined && values.only !== name) continue;
  const child = Bun.spawn([process.execPath, join(import.meta.dir, script), ...args], {
    stdout: "inherit",
    stderr: "inherit",
  });
  if ((await child.exited) !== 0) process.exit(1);
}
