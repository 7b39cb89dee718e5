// Makes a fresh clone ready to run with nothing but Node and npm: installs the locked packages when they are missing
// or the lock file has changed, and puts the pinned Bun at node_modules/.bin/bun.
//
// Install scripts are never run (.npmrc): Bun's own would only copy the binary that its platform package already
// holds, so the link below points at that one.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const marker = join(modules, ".installed");
const lock_hash = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");

if (!existsSync(marker) || readFileSync(marker, "utf8") !== lock_hash) {
  // Not `npm ci`: npm 11 refuses a lock file without the optional packages of every other platform, and a lock file
  // only has those that its registry offered. This installs just what the lock file says, and does not change it.
  console.error("installing packages ...");
  const npm = spawnSync("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (npm.status !== 0) {
    console.error("npm install failed; see above");
    process.exit(npm.status ?? 1);
  }
  writeFileSync(marker, lock_hash);
}

const platforms = join(modules, "@oven");
const working = (existsSync(platforms) ? readdirSync(platforms).sort() : []).find(
  (name) => spawnSync(join(platforms, name, "bin", "bun"), ["--version"]).status === 0,
);
if (working === undefined) {
  console.error(`no Bun for ${process.platform}-${process.arch} in node_modules/@oven`);
  process.exit(1);
}
for (const name of ["bun", "bunx"]) {
  const link = join(modules, ".bin", name);
  rmSync(link, { force: true });
  symlinkSync(join("..", "@oven", working, "bin", "bun"), link);
}
