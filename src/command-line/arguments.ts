import { Command, CommanderError, Option } from "commander";
import { version } from "../../package.json" with { type: "json" };
import { flag_name, SETTINGS, type SettingName } from "../config/index.ts";
import { type Scope, SCOPES } from "../access/index.ts";
import { command_of, type CommandName, COMMANDS_HELP } from "./commands.ts";
import { DATA_OPTIONS, type DataOptions } from "./data-options.ts";
import { settings_help } from "./settings-help.ts";

export type Invocation = {
  command: CommandName;
  /** What follows it, as many as the command wants. */
  operands: string[];
  /** Of `keys add`. */
  key: { name?: string; scope?: Scope[] };
  /** Of the commands that read data. */
  options: DataOptions;
  /** Where a TOML file with settings is, if the arguments say. */
  config_path?: string;
  /** Only flags that were given. */
  flags: Partial<Record<SettingName, unknown>>;
};

/** The arguments make no sense. The message is one line. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Reads the arguments, or prints the help and gives null. Throws UsageError. */
export function parse_arguments(argv: readonly string[]): Invocation | null {
  const program = create_program();
  try {
    program.parse(argv.map(with_flag_spelled_out), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null;
    throw new UsageError(error.message.replace(/^error: /, ""), { cause: error });
  }
  const found = command_of(program.args);
  if (typeof found === "string") throw new UsageError(found);
  const {
    config: config_path,
    name,
    scope,
    format,
    since,
    until,
    service,
    trace,
    output,
    table,
    timeout,
    url,
    apiKey,
    ...flags
  } = program.opts<Options>();
  const options = { format, since, until, service, trace, output, table, timeout, url, apiKey };
  if (found.command !== "keys add" && (name ?? scope) !== undefined) {
    throw new UsageError("--name and --scope are for keys add");
  }
  for (const option of data_option_names()) {
    const { commands, flags } = DATA_OPTIONS[option];
    if (options[option] !== undefined && !commands.includes(found.command)) {
      throw new UsageError(`${flags.split(" ")[0]} is for ${commands.join(" and ")}`);
    }
  }
  const by_name = setting_names().flatMap((name) => {
    const value = flags[option_of(name).attributeName()];
    return value === undefined ? [] : [[name, value]];
  });
  return { ...found, config_path, key: { name, scope }, options, flags: Object.fromEntries(by_name) };
}

type Options = { config?: string; name?: string; scope?: Scope[] } & DataOptions & Record<string, unknown>;

function create_program(): Command {
  const program = new Command("junjo-traces")
    .description("Takes OpenTelemetry traces in over OTLP, keeps every span it has acknowledged, answers questions.")
    .version(version)
    .argument("[command...]", "see below")
    .addOption(new Option("--config <file>", "read settings from this TOML file (environment: CONFIG_FILE)"))
    .addOption(new Option("--name <name>").hideHelp())
    .addOption(new Option("--scope <scope...>").choices(SCOPES).hideHelp())
    .showSuggestionAfterError(false)
    .configureOutput({ writeErr: () => undefined })
    .exitOverride()
    .addHelpText("after", `\nCommands:\n${COMMANDS_HELP}\n\n${settings_help()}`);
  for (const name of data_option_names()) program.addOption(new Option(DATA_OPTIONS[name].flags).hideHelp());
  for (const name of setting_names()) program.addOption(option_of(name).hideHelp());
  return program;
}

const data_option_names = () => Object.keys(DATA_OPTIONS) as (keyof DataOptions)[];

const setting_names = () => Object.keys(SETTINGS) as SettingName[];

const option_of = (name: SettingName) =>
  new Option(name === "insecure" ? flag_name(name) : `${flag_name(name)} <value>`);

/** `--HTTP_PORT` and `--http_port` are taken for `--http-port`: people copy names from the environment. */
const with_flag_spelled_out = (argument: string) =>
  argument.replace(/^--[\w-]+/, (flag) => flag.toLowerCase().replaceAll("_", "-"));
