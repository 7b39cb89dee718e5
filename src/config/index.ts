/**
 * Every setting and limit: its name, default, unit and reason, in one place.
 *
 * A value comes from a flag (`--http-port`), else the environment (`HTTP_PORT`), else a TOML file (`http_port`), else
 * its default. `load_config` returns a whole, checked Config or throws ConfigError with one line that names the setting
 * and says what is wrong with it.
 */
export { load_config, ConfigError, refuse_open_listeners, type Config, type ConfigSources } from "./load.ts";
export { cursor_path, queue_directory, segments_directory } from "./paths.ts";
export { SETTINGS, flag_name, env_name, type ModelPrice, type SettingName } from "./settings.ts";
export * as LIMITS from "./limits.ts";
