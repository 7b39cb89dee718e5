import { members } from "../../encode/index.ts";

/** A tag, or a field of a log, as JSON text. `key` has its quotes. */
export const text_tag = (key: string, value: string): string => tag(`"${key}"`, "string", JSON.stringify(value));

export const bool_tag = (key: string, value: boolean): string => tag(`"${key}"`, "bool", String(value));

/** An object's members as tags, in order. What Jaeger has no type for is text that is JSON. */
export const tags_of = (object: string, is_wanted: (key: string) => boolean = () => true): string[] =>
  Array.from(members(object)).flatMap(([key, value]) => (is_wanted(key) ? [value_tag(key, value)] : []));

function value_tag(key: string, value: string): string {
  switch (value[0]) {
    case '"':
      return tag(key, "string", value);
    case "t":
    case "f":
      return tag(key, "bool", value);
    case "n":
      return tag(key, "string", '""');
    case "{":
    case "[":
      return tag(key, "string", JSON.stringify(value));
    default:
      return /[.eE]/.test(value) ? tag(key, "float64", value) : tag(key, "int64", readable_integer(value));
  }
}

/** Those that JavaScript would round are text, as in Jaeger. */
const readable_integer = (digits: string): string => (Number.isSafeInteger(Number(digits)) ? digits : `"${digits}"`);

const tag = (key: string, type: string, value: string): string => `{"key":${key},"type":"${type}","value":${value}}`;
