import { join } from "node:path";

const MAIN = join(import.meta.dir, "..", "..", "src", "main.ts");

export type Exited = { exit_code: number; stdout: string; stderr: string };

/** Starts junjo-traces as a child process, with `env` and nothing else in its environment. */
export function start_program(args: readonly string[], env: Record<string, string> = {}, cwd?: string) {
  return Bun.spawn([process.execPath, MAIN, ...args], { env, cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
}

/** Runs junjo-traces to its end. */
export async function run_program(
  args: readonly string[],
  env: Record<string, string> = {},
  cwd?: string,
): Promise<Exited> {
  const program = start_program(args, env, cwd);
  const [stdout, stderr, exit_code] = await Promise.all([program.stdout.text(), program.stderr.text(), program.exited]);
  return { exit_code, stdout, stderr };
}
