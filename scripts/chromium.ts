import { accessSync, constants } from "node:fs";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const INSTALL = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"];

/** Where the browser is that the tests of the web page use; Debian's is installed where there is none. */
export async function ensure_chromium(): Promise<string> {
  const found = installed();
  if (found !== null) return found;
  if (Bun.which("apt-get") === null || process.getuid?.() !== 0) {
    throw new Error(`the tests of the web page need a browser: ${INSTALL.join(" ")}`);
  }
  console.log("installing Debian's chromium ...");
  // A machine that was just made has no lists of packages yet.
  for (const command of [INSTALL, ["apt-get", "update"], INSTALL]) {
    const quietly = Bun.spawn(command, {
      stdout: "ignore",
      stderr: "ignore",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    await quietly.exited;
    const path = installed();
    if (path !== null) return path;
  }
  throw new Error(`no browser for the tests of the web page, and it could not be installed: ${INSTALL.join(" ")}`);
}

function installed(): string | null {
  for (const name of NAMES) {
    const path = Bun.which(name);
    if (path === null) continue;
    accessSync(path, constants.X_OK);
    return path;
  }
  return null;
}
