/** What a key may do: hand spans in; or ask for them, be it by the API or from the queue. */
export const SCOPES = ["ingest", "read"] as const;
export type Scope = (typeof SCOPES)[number];

/** `unauthenticated`: no key, or one that is not known or was revoked. `forbidden`: the key is not for this. */
export type Decision = "allowed" | "unauthenticated" | "forbidden";

/** What to tell a client that was not let in. */
export const DENIALS: Record<Exclude<Decision, "allowed">, string> = {
  unauthenticated: "an API key is required: show one as x-junjo-api-key, x-api-key or authorization: Bearer",
  forbidden: "this API key is for something else: its scope does not cover this",
};

/**
 * Who may do what. With no keys at all everything is allowed; as soon as there is one, every request must show one.
 *
 * Keys come from a setting and from the key file. A change of the file counts within LOOK_INTERVAL_MS. A file that was
 * there and is gone or can't be read is logged and changes nothing: what goes wrong never opens a door.
 */
export interface AccessControl {
  /** `presented` is what `presented_key` gives. */
  check(presented: string | undefined, scope: Scope): Decision;

  /** Looks at the key file at once. */
  reload(): void;
}

export type AccessErrorCode = "cannot_read" | "cannot_write" | "invalid_name" | "name_taken" | "unknown_key";

/** The key file does not do what it was asked. The message is one line. */
export class AccessError extends Error {
  override readonly name = "AccessError";

  constructor(
    readonly code: AccessErrorCode,
    what: string,
    options?: ErrorOptions,
  ) {
    super(what, options);
  }
}
