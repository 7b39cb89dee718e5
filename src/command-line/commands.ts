/** Every command: its words, what follows them (in brackets: or not), and what it is for. The order is that of `--help`. */
export const COMMANDS = {
  serve: { operands: [], what: "take traces in, store them and answer questions about them (default)" },
  ingest: { operands: [], what: "take traces in and serve the queue to other readers, nothing else" },
  "keys add": { operands: [], what: "make an API key and print it, once: --name NAME, --scope ingest|read (both)" },
  "keys list": { operands: [], what: "print the keys' ids, names and scopes" },
  "keys revoke": { operands: ["ID|NAME"], what: "let a key be good for nothing" },
  backup: { operands: ["DIR"], what: "copy everything that is kept into DIR, while a server runs or not" },
  export: {
    operands: [],
    what:
      "write spans elsewhere: --format parquet|otlp-json|jsonl, --output FILE, --since TIME, --until TIME, --service NAME, " +
      "--trace ID, --table spans|state_patches (parquet)",
  },
  sql: {
    operands: ["[SELECT]"],
    what: "answer a SELECT, given here or on standard input: --format table|json|csv (table), --timeout SECONDS (30)",
  },
  mcp: {
    operands: [],
    what:
      "speak the Model Context Protocol on standard input and output, for a server at --url URL (http://127.0.0.1:1323; " +
      "environment: JUNJO_TRACES_URL) with --api-key KEY (JUNJO_TRACES_API_KEY)",
  },
  verify: { operands: [], what: "check everything that is stored, while a server runs or not" },
  mask: {
    operands: [],
    what: "say how often the masking rules of these settings would apply to what is stored; changes nothing",
  },
  demo: {
    operands: ["[URL]"],
    what: "send examples to a running server: to its OTLP/HTTP receiver, by default the one of these settings (key: JUNJO_TRACES_API_KEY)",
  },
  health: { operands: [], what: "ask the server at HTTP_PORT whether it is ready" },
  openapi: { operands: [], what: "print the OpenAPI document of the HTTP API" },
  version: { operands: [], what: "print the version" },
} as const satisfies Record<string, { operands: readonly string[]; what: string }>;

export type CommandName = keyof typeof COMMANDS;

const usage_of = (name: CommandName): string => [name, ...COMMANDS[name].operands].join(" ");

export const COMMANDS_HELP = (Object.keys(COMMANDS) as CommandName[])
  .map((name) => `  ${usage_of(name).padEnd(22)}${COMMANDS[name].what}`)
  .join("\n");

/** Which command the words name, and what follows it; or a line that says what is wrong with them. */
export function command_of(words: readonly string[]): { command: CommandName; operands: string[] } | string {
  if (words.length === 0) return { command: "serve", operands: [] };
  const command = [words.slice(0, 2).join(" "), words[0]].find(is_command);
  if (command === undefined) return `there is no command "${words.slice(0, 2).join(" ")}"; try --help`;
  const operands = words.slice(command.split(" ").length);
  const { operands: names }: { operands: readonly string[] } = COMMANDS[command];
  const needed = names.filter((name) => !name.startsWith("["));
  if (operands.length < needed.length || operands.length > names.length)
    return `it is "${usage_of(command)}"; try --help`;
  return { command, operands };
}

const is_command = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name);
