import { Command, CommanderError, Option } from "commander";
import { version } from "../../package.json" with { type: "json" };
import { flag_name, SETTINGS, type SettingName } from "../config/index.ts";
import { settings_help } from "./settings-help.ts";

export const COMMANDS = {
  serve: "take traces in, store them and answer questions about them (default)",
  ingest: "take traces in and serve the queue to other readers, nothing else",
  openapi: "print the OpenAPI document of the HTTP API",
  version: "print the version",
} as const;

export type CommandName = keyof typeof COMMANDS;

export type Invocation = {
  command: CommandName;
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
  const [command = "serve"] = program.args;
  if (!is_command(command)) throw new UsageError(`there is no command "${command}"; try --help`);
  const { config: config_path, ...flags } = program.opts<{ config?: string } & Record<string, unknown>>();
  const by_name = setting_names().flatMap((name) => {
    const value = flags[option_of(name).attributeName()];
    return value === undefined ? [] : [[name, value]];
  });
  return { command, config_path, flags: Object.fromEntries(by_name) };
}

function create_program(): Command {
  const commands = Object.entries(COMMANDS).map(([name, what]) => `  ${name.padEnd(9)}${what}`);
  const program = new Command("junjo-traces")
    .description("Takes OpenTelemetry traces in over OTLP, keeps every span it has acknowledged, answers questions.")
    .version(version)
    .argument("[command]", "see below", "serve")
    .addOption(new Option("--config <file>", "read settings from this TOML file (environment: CONFIG_FILE)"))
    .allowExcessArguments(false)
    .showSuggestionAfterError(false)
    .configureOutput({ writeErr: () => undefined })
    .exitOverride()
    .addHelpText("after", `\nCommands:\n${commands.join("\n")}\n\n${settings_help()}`);
  for (const name of setting_names()) program.addOption(option_of(name).hideHelp());
  return program;
}

const is_command = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name);

const setting_names = () => Object.keys(SETTINGS) as SettingName[];

const option_of = (name: SettingName) =>
  new Option(name === "insecure" ? flag_name(name) : `${flag_name(name)} <value>`);

/** `--HTTP_PORT` and `--http_port` are taken for `--http-port`: people copy names from the environment. */
const with_flag_spelled_out = (argument: string) =>
  argument.replace(/^--[\w-]+/, (flag) => flag.toLowerCase().replaceAll("_", "-"));
