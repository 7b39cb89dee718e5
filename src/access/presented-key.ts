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
