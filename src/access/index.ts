import { createHash, timingSafeEqual } from "node:crypto";

/** Whether a request that shows `presented` (undefined: it shows no key) may pass. */
export type KeyCheck = (presented: string | undefined) => boolean;

const digest = (key: string): Buffer => createHash("sha256").update(key).digest();

/**
 * A check against the given keys. With no keys everything passes.
 *
 * Only digests are kept, and every one is compared in constant time, so that neither a match's position nor its length
 * shows in the time taken.
 */
export function create_key_check(api_keys: readonly string[]): KeyCheck {
  if (api_keys.length === 0) return () => true;
  const digests = api_keys.map(digest);
  return (presented) => {
    const shown = digest(presented ?? "");
    let is_known = false;
    for (const known of digests) is_known = timingSafeEqual(known, shown) || is_known;
    return is_known && presented !== undefined;
  };
}

/** Headers that may carry the key, in the order in which they are looked at: Junjo from 0.60 on, then up to 0.50. */
const KEY_HEADERS = ["x-junjo-api-key", "x-api-key"] as const;

/** The key that a request shows, by whichever header, or undefined. `header` gives a header's value by lower-case name. */
export function presented_key(header: (name: string) => string | null | undefined): string | undefined {
  for (const name of KEY_HEADERS) {
    const value = header(name);
    if (value) return value;
  }
  return /^bearer +(.+)$/i.exec(header("authorization") ?? "")?.[1]?.trim();
}
