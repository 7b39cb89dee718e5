import { createHash, randomBytes } from "node:crypto";
import { type Scope, SCOPES } from "./types.ts";

/** Marks a key as ours, for people and for scanners that look for leaked secrets. */
const PREFIX = "jt_";
const KEY_BYTES = 32;

/** A new key: 256 random bits. */
export const random_key = (): string => PREFIX + randomBytes(KEY_BYTES).toString("base64url");

/**
 * What is kept of a key. One round of SHA-256 is enough: stretching makes guesses of weak passwords dear, and nobody
 * guesses 256 random bits. Besides, it is computed for each request.
 */
export const digest_of = (key: string): Buffer => createHash("sha256").update(key).digest();

/** A key that a setting names, with what it may do. */
export type SettingKey = { key: string; scopes: readonly Scope[] };

/**
 * Reads `KEY` (for everything), `KEY:ingest` or `KEY:read`; null when it is none of them. A key has no colon: so that a
 * scope that is misspelled stops the start, rather than becoming a part of the key.
 */
export function parse_setting_key(text: string): SettingKey | null {
  const [, key, scope] = /^([!-9;-~]+)(?::(\w+))?$/.exec(text) ?? [];
  if (key === undefined) return null;
  const scopes = SCOPES.filter((known) => scope === undefined || known === scope);
  return scopes.length === 0 ? null : { key, scopes };
}
