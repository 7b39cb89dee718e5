import { timingSafeEqual } from "node:crypto";
import { existsSync } from "node:fs";
import { create_logger, create_metrics, type Logger, type Metrics } from "../observe/index.ts";
import { read_keys } from "./key-file.ts";
import { digest_of, type SettingKey } from "./key.ts";
import { type AccessControl, AccessError, type Decision, type Scope } from "./types.ts";

/** How often the key file is read while requests come, at most. It takes 0.1 ms. */
const LOOK_INTERVAL_MS = 500;

export type AccessOptions = {
  setting_keys?: readonly SettingKey[];
  /** Where the key file is, or will be once somebody makes one. */
  key_file_path?: string;
  /** What the counters' names begin with: each half of a server has its own. */
  part?: "api" | "ingest";
  metrics?: Metrics;
  logger?: Logger;
};

/** Reads the keys. Throws AccessError `cannot_read` when there is a key file that it can't read. */
export const open_access = (options: AccessOptions = {}): AccessControl => new Keyring(options);

type KnownKey = { name: string; digest: Uint8Array; scopes: readonly Scope[] };
type Keys = { are_required: boolean; known: readonly KnownKey[] };

class Keyring implements AccessControl {
  private keys: Keys;
  private looked_at_ms: number;
  private complaint = "";
  private readonly setting_keys: readonly KnownKey[];
  private readonly logger: Logger;
  private readonly counters: ReturnType<typeof access_counters>;

  constructor(private readonly options: AccessOptions) {
    this.logger = options.logger ?? create_logger("silent");
    this.counters = access_counters(options.metrics ?? create_metrics(), options.part ?? "api");
    this.setting_keys = (options.setting_keys ?? []).map(({ key, scopes }, index) => ({
      name: `API_KEYS[${index}]`,
      digest: digest_of(key),
      scopes,
    }));
    this.keys = this.read();
    this.looked_at_ms = performance.now();
  }

  check(presented: string | undefined, scope: Scope): Decision {
    if (performance.now() - this.looked_at_ms > LOOK_INTERVAL_MS) this.reload();
    if (!this.keys.are_required) return "allowed";
    const key = presented === undefined ? undefined : this.find(presented);
    if (key === undefined) {
      this.counters.unauthenticated.inc();
      return "unauthenticated";
    }
    const decision = key.scopes.includes(scope) ? "allowed" : "forbidden";
    this.counters.requests.inc({ key: key.name, decision });
    return decision;
  }

  reload(): void {
    this.looked_at_ms = performance.now();
    try {
      const keys = this.read();
      if (this.keys.are_required && !keys.are_required) throw this.gone();
      this.keys = keys;
      this.complaint = "";
    } catch (error) {
      if (!(error instanceof AccessError)) throw error;
      this.complain(error);
    }
  }

  /** Every digest is compared, in constant time: the time taken tells neither whether nor where one matched. */
  private find(presented: string): KnownKey | undefined {
    const shown = digest_of(presented);
    let found: KnownKey | undefined;
    for (const key of this.keys.known) if (timingSafeEqual(key.digest, shown)) found = key;
    return found;
  }

  private read(): Keys {
    const { key_file_path: path } = this.options;
    const in_file = path === undefined ? [] : read_keys(path);
    const live = in_file.filter(({ revoked_at }) => revoked_at === null);
    return {
      are_required: this.setting_keys.length + in_file.length > 0,
      known: [...this.setting_keys, ...live],
    };
  }

  private gone(): AccessError {
    return new AccessError("cannot_read", `${this.options.key_file_path} is gone; what was in it still counts`);
  }

  /** Once for each thing that goes wrong, not once for each look. A file that is there but can't be read holds keys. */
  private complain(error: AccessError): void {
    const { key_file_path: path } = this.options;
    if (path !== undefined && existsSync(path)) this.keys = { ...this.keys, are_required: true };
    if (error.message !== this.complaint) this.logger.error({ err: error }, "the API keys can't be read again");
    this.complaint = error.message;
  }
}

function access_counters(metrics: Metrics, part: "api" | "ingest") {
  return {
    requests: metrics.counter(`${part}_key_requests_total`, "Requests that showed a key, by its name", [
      "key",
      "decision",
    ]),
    unauthenticated: metrics.counter(
      `${part}_unauthenticated_requests_total`,
      "Requests that showed no key or an unknown one",
    ),
  };
}
