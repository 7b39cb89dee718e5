import { type AccessControl, open_access, parse_setting_key } from "../../src/access/index.ts";
import { create_logger } from "../../src/observe/index.ts";
import { open_certificates } from "../../src/tls/index.ts";

/** Lets through who shows one of these keys, written as in API_KEYS; everybody when there are none. */
export function access_with(api_keys: readonly string[]): AccessControl {
  const setting_keys = api_keys.map((text) => {
    const key = parse_setting_key(text);
    if (key === null) throw new Error(`not a key: ${text}`);
    return key;
  });
  return open_access({ setting_keys });
}

/** Listeners without TLS. */
export const PLAIN_TEXT = open_certificates({}, create_logger("silent"));
