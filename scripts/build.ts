// What `npm run build` runs: dist/junjo-traces, one file that needs nothing beside it.
// `--target=bun-linux-arm64` builds for another platform; its @duckdb/node-bindings package must be installed.
import { statSync } from "node:fs";
import { parseArgs } from "node:util";
import { build_executable, EXECUTABLE, type Target } from "./executable.ts";

const { values } = parseArgs({ options: { target: { type: "string" } } });
const started_ms = performance.now();
await build_executable(values.target as Target | undefined);
const megabytes = (statSync(EXECUTABLE).size / 1e6).toFixed(1);
console.log(`${EXECUTABLE}: ${megabytes} MB in ${Math.round(performance.now() - started_ms)} ms`);
