/** What engines have beyond TypeScript's library: the text of a number as it is read, and text that is written as it is. */
type ExactJson = {
  parse(text: string, reviver: (key: string, value: unknown, context?: { source?: string }) => unknown): unknown;
  rawJSON?: (text: string) => unknown;
};

const { rawJSON: raw_json } = JSON as ExactJson;

/** Whether there may be an integer of more digits than a number holds. Most answers have none, and are read faster. */
const MAY_HAVE_LONG_INTEGER = /(?:^|[[:,\s])-?\d{16,}(?:[\s,\]}]|$)/;
const INTEGER = /^-?\d+$/;

/**
 * The JSON value that a text is, integers that a number does not hold exactly as bigint: an id of 19 digits is shown as it was
 * sent. An engine that does not tell how a number was written gives the number next to it. Throws SyntaxError.
 */
export function parse_exactly(text: string): unknown {
  if (!MAY_HAVE_LONG_INTEGER.test(text)) return JSON.parse(text) as unknown;
  return (JSON as ExactJson).parse(text, (_key, value, context) => {
    if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
    const source = context?.source ?? "";
    return INTEGER.test(source) ? BigInt(source) : value;
  });
}

/** What `parse_exactly` gave, as JSON text again; indented by so many spaces. */
export const stringify_exactly = (value: unknown, indent = 0): string =>
  JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? written(item) : item), indent);

const written = (integer: bigint): unknown => (raw_json === undefined ? Number(integer) : raw_json(String(integer)));
