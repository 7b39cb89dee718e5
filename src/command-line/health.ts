import type { Config } from "../config/index.ts";

const DEADLINE_MS = 4_000;

/** Asks the server of these settings, on this machine, whether it is ready. Resolves to the exit code. */
export async function print_health({ host, http_port, tls_cert_path }: Config): Promise<number> {
  const scheme = tls_cert_path === undefined ? "http" : "https";
  const url = `${scheme}://${reachable(host)}:${http_port}/readyz`;
  try {
    // The certificate names the machine as others call it, and this is a question of the machine to itself.
    const tls = { rejectUnauthorized: false };
    const answer = await fetch(url, { tls, signal: AbortSignal.timeout(DEADLINE_MS) });
    console.log(answer.ok ? "ready" : await answer.text());
    return answer.ok ? 0 : 1;
  } catch (error) {
    console.log(`no answer from ${url}: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

/** The address at which this machine reaches what listens on `host`. */
export function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
