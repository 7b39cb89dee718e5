import { createHash } from "node:crypto";

export const MASK_ACTIONS = ["replace", "hash", "drop"] as const;
/** `drop`: the whole attribute. `hash`: the first digits of its SHA-256. `replace`: a word that says what stood there. */
export type MaskAction = (typeof MASK_ACTIONS)[number];

/** Finds what must not be stored, in texts. */
export type PatternRule = { name: string; action: MaskAction; pattern: RegExp; is_meant?: (found: string) => boolean };
/** Attributes whose values must not be stored, whatever they are. */
export type KeyRule = { name: string; action: MaskAction; is_key: (key: string) => boolean };

export type MaskRules = { keys: readonly KeyRule[]; patterns: readonly PatternRule[] };

/** What the settings say: each entry may end in `:replace`, `:hash` or `:drop`; those without are replaced. */
export type MaskSettings = {
  /** Attributes' keys, in which a star stands for any characters. */
  mask_attributes: readonly string[];
  /** Names of BUILT_IN. */
  mask_patterns: readonly string[];
  /** Regular expressions of JavaScript. */
  mask_regexps: readonly string[];
};

/** A rule is none. The message is one line. */
export class MaskError extends Error {
  override readonly name = "MaskError";
}

/** What is looked for by name. */
export const BUILT_IN: Record<string, Omit<PatternRule, "name" | "action"> | undefined> = {
  emails: { pattern: /[\w.+-]+@[a-z\d-]+(?:\.[a-z\d-]+)+/gi },
  cards: { pattern: /\b\d(?:[ -]?\d){12,18}\b/g, is_meant: has_luhn_digit },
  keys: {
    pattern:
      /\b(?:sk|pk|rk)[-_][\w-]{16,}|\bAKIA[A-Z\d]{16}\b|\bgh[pousr]_\w{20,}|\bxox[abprs]-[\w-]{10,}|\bAIza[\w-]{35}|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+|\bBearer\s+[\w.~+/-]{16,}=*/g,
  },
};

const ACTION = /^(.*):(replace|hash|drop)$/s;

/** Throws MaskError. */
export function mask_rules({ mask_attributes, mask_patterns, mask_regexps }: MaskSettings): MaskRules {
  const keys = mask_attributes
    .map(read_entry)
    .map(({ text, action }) => ({ name: text, action, is_key: key_matcher(text) }));
  const built_in = mask_patterns.map(read_entry).map(({ text, action }) => {
    const found = BUILT_IN[text];
    if (found === undefined) throw new MaskError(`there is no pattern ${text}: ${Object.keys(BUILT_IN).join(", ")}`);
    return { name: text, action, ...found };
  });
  const own = mask_regexps
    .map(read_entry)
    .map(({ text, action }) => ({ name: text, action, pattern: regexp_of(text) }));
  return { keys, patterns: [...built_in, ...own] };
}

export const has_rules = ({ keys, patterns }: MaskRules): boolean => keys.length + patterns.length > 0;

/** What stands in the place of a text. */
export const masked_text = (found: string, { name, action }: Pick<PatternRule, "name" | "action">): string =>
  action === "hash"
    ? `sha256:${createHash("sha256").update(found).digest("hex").slice(0, 16)}`
    : `[${BUILT_IN[name] ? name : "masked"}]`;

function read_entry(entry: string): { text: string; action: MaskAction } {
  const [, text = entry, action = "replace"] = ACTION.exec(entry) ?? [];
  return { text, action: action as MaskAction };
}

function key_matcher(written: string): (key: string) => boolean {
  if (!written.includes("*")) return (key) => key === written;
  const parts = written.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  const pattern = new RegExp(`^${parts.join(".*")}$`, "s");
  return (key) => pattern.test(key);
}

function regexp_of(text: string): RegExp {
  try {
    return new RegExp(text, "gu");
  } catch (error) {
    throw new MaskError(
      `${text} is not a regular expression: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** The last digit of a card's number is a check of the others (ISO/IEC 7812, Luhn). */
function has_luhn_digit(found: string): boolean {
  const digits = found.replaceAll(/\D/g, "");
  let sum = 0;
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place]);
    const doubled = place % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
