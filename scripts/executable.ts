import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BunPlugin } from "bun";
import { studio_files } from "../src/studio/bundle.ts";

const ROOT = join(import.meta.dir, "..");
const SOURCES = ["src", "schemas", "scripts", "package.json", "package-lock.json"].map((path) => join(ROOT, path));

const DIST = join(ROOT, "dist");

export const EXECUTABLE = join(DIST, "junjo-traces");

/** Workers are programs of their own. Names are flat, so that `new URL("./worker.ts", import.meta.url)` finds them. */
const ENTRY_POINTS = ["src/main.ts", "src/ingest/worker.ts", "src/store/duckdb/segments/seal-worker.ts"].map((path) =>
  join(ROOT, path),
);

export type Target = Bun.Build.CompileTarget;

/** Builds the executable, for this platform unless `target` names another whose DuckDB bindings are installed. */
export async function build_executable(target?: Target): Promise<void> {
  await Bun.build({
    entrypoints: ENTRY_POINTS,
    naming: { entry: "[name].[ext]" },
    target: "bun",
    // Parsed ahead: ready in 190 ms instead of 300, for 10 MB.
    format: "esm",
    bytecode: true,
    minify: { whitespace: true, syntax: true },
    sourcemap: "inline",
    // The executable is configured as --help says, not by whatever lies in the directory it is started from.
    compile: { ...(target && { target }), outfile: EXECUTABLE, autoloadDotenv: false, autoloadBunfig: false },
    plugins: [embed_duckdb(platform_of(target)), await embed_studio()],
  });
  // The executable holds its source maps; Bun leaves a copy of each beside it.
  for (const name of readdirSync(DIST).filter((name) => name.endsWith(".map"))) rmSync(join(DIST, name));
}

/** Builds the executable if there is none or a source is newer. */
export async function fresh_executable(): Promise<string> {
  if (!existsSync(EXECUTABLE) || newest_ms(SOURCES) > statSync(EXECUTABLE).mtimeMs) await build_executable();
  return EXECUTABLE;
}

function newest_ms(paths: string[]): number {
  return Math.max(
    ...paths.map((path) => {
      const stat = statSync(path);
      return stat.isDirectory() ? newest_ms(readdirSync(path).map((name) => join(path, name))) : stat.mtimeMs;
    }),
  );
}

/** The web page is bundled now: an executable has no sources to bundle it from. */
async function embed_studio(): Promise<BunPlugin> {
  const directory = join(DIST, "page");
  rmSync(directory, { recursive: true, force: true });
  const files = await Promise.all(
    (await studio_files()).map(async ({ path, content_type, content }, index) => {
      const embedded_path = join(directory, path);
      await Bun.write(embedded_path, content);
      return {
        embed: `import file_${index} from ${JSON.stringify(embedded_path)} with { type: "file" };`,
        entry: `{ path: ${JSON.stringify(path)}, content_type: ${JSON.stringify(content_type)}, content: await Bun.file(file_${index}).bytes() }`,
      };
    }),
  );
  const contents = `
    ${files.map(({ embed }) => embed).join("\n")}
    export const studio_files = async () => [${files.map(({ entry }) => entry).join(", ")}];`;
  return {
    name: "embed-studio",
    setup: (build) => void build.onLoad({ filter: /src\/studio\/bundle\.ts$/ }, () => ({ loader: "js", contents })),
  };
}

/** `bun-linux-arm64` → `linux-arm64`; `bun-linux-x64-baseline-musl` → `linux-x64-musl`. */
function platform_of(target: Target | undefined): string {
  if (target === undefined) return `${process.platform}-${process.arch}`;
  return target.replace(/^bun-/, "").replace(/-(baseline|modern)/, "");
}

/**
 * The bindings require every platform's package and load from beside themselves, neither of which works inside an
 * executable. So the platform's own libraries are embedded, and src/native loads them.
 */
function embed_duckdb(platform: string): BunPlugin {
  const package_dir = join(ROOT, "node_modules", "@duckdb", `node-bindings-${platform}`);
  if (!existsSync(package_dir)) throw new Error(`@duckdb/node-bindings-${platform} is not installed`);
  const names = readdirSync(package_dir).filter((name) => /^duckdb\.node$|^libduckdb\./.test(name));
  const files = names.sort().map((name, index) => {
    const path = join(package_dir, name);
    const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex");
    return {
      embed: `import file_${index} from ${JSON.stringify(path)} with { type: "file" };`,
      entry: `{ name: ${JSON.stringify(name)}, embedded_path: file_${index}, sha256: "${sha256}" }`,
    };
  });
  const contents = `
    import { load_addon } from ${JSON.stringify(join(ROOT, "src", "native", "index.ts"))};
    ${files.map(({ embed }) => embed).join("\n")}
    module.exports = load_addon([${files.map(({ entry }) => entry).join(", ")}]);`;
  return {
    name: "embed-duckdb",
    setup: (build) => void build.onLoad({ filter: /node-bindings\/duckdb\.js$/ }, () => ({ loader: "js", contents })),
  };
}
