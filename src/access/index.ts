/**
 * API keys: who may hand spans in, and who may ask for them.
 *
 * `open_access` decides on requests; `presented_key` finds the key that a request shows. `add_key`, `read_keys` and
 * `revoke` keep the key file (schemas/sqlite/keys.sql), while servers run too.
 */
import { join } from "node:path";

export { type AccessOptions, open_access } from "./access-control.ts";
export { parse_setting_key, type SettingKey } from "./key.ts";
export { add_key, type FileKey, read_keys, revoke } from "./key-file.ts";
export { presented_key } from "./presented-key.ts";
export {
  type AccessControl,
  AccessError,
  type AccessErrorCode,
  DENIALS,
  type Decision,
  type Scope,
  SCOPES,
} from "./types.ts";

/** Where the key file is. */
export const key_file_path = ({ data_dir }: { data_dir: string }): string => join(data_dir, "keys.sqlite");
