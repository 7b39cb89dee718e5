import { env_name, flag_name, SETTINGS, type SettingName } from "../config/index.ts";

const INTRODUCTION = `\
Settings: a flag, else the environment variable, else the TOML file (named like the variable, in lower case), else the
default in brackets.
`;

/** Every setting: flag, environment variable, default, unit and what it is for. */
export function settings_help(): string {
  const lines = (Object.keys(SETTINGS) as SettingName[]).flatMap((name) => [
    `  ${flag_name(name).padEnd(25)}${env_name(name).padEnd(25)}[${default_of(name)}]`,
    `      ${SETTINGS[name].why}`,
  ]);
  return [INTRODUCTION, ...lines].join("\n");
}

function default_of(name: SettingName): string {
  const { initial } = SETTINGS[name];
  if (initial === undefined || typeof initial === "object") return "not set";
  return `${initial}${unit_of(name)}`;
}

/** A setting's unit is part of its name. */
function unit_of(name: SettingName): string {
  if (/_bytes(_|$)/.test(name)) return " bytes";
  return name.endsWith("_ms") ? " ms" : "";
}
