import { expect, it } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run_program } from "./support/program.ts";
import { temp_dir } from "./support/temp-dir.ts";

const ROOT = join(import.meta.dir, "..");

function files_below(directory: string): Record<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !name.startsWith("openapi"),
  );
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name), "utf8")]));
}

it("openapi/openapi.json is what `junjo-traces openapi` prints", async () => {
  const { stdout, exit_code } = await run_program(["openapi"]);
  expect(exit_code).toBe(0);
  expect(readFileSync(join(ROOT, "openapi", "openapi.json"), "utf8")).toBe(stdout);
});

it("src/gen is what buf generates from proto", async () => {
  using dir = temp_dir();
  const buf = Bun.spawn([join(ROOT, "node_modules", ".bin", "buf"), "generate", "--output", dir.path], {
    cwd: ROOT,
    env: { ...process.env, PATH: `${join(ROOT, "node_modules", ".bin")}:${process.env.PATH}` },
    stderr: "pipe",
  });
  expect({ exit_code: await buf.exited, stderr: await buf.stderr.text() }).toEqual({ exit_code: 0, stderr: "" });
  expect(files_below(join(ROOT, "src", "gen"))).toEqual(files_below(join(dir.path, "src", "gen")));
});

it("src/gen/openapi/schema.ts is what openapi-typescript makes of openapi/openapi.json", async () => {
  using dir = temp_dir();
  const made = join(dir.path, "schema.ts");
  const tool = join(ROOT, "node_modules", ".bin", "openapi-typescript");
  const generator = Bun.spawn([tool, "openapi/openapi.json", "-o", made], {
    cwd: ROOT,
    stdout: "ignore",
    stderr: "pipe",
  });
  expect({ exit_code: await generator.exited, stderr: await generator.stderr.text() }).toEqual({
    exit_code: 0,
    stderr: "",
  });
  const committed = readFileSync(join(ROOT, "src", "gen", "openapi", "schema.ts"), "utf8");
  expect(readFileSync(made, "utf8")).toBe(committed);
});
