export type InspectErrorCode = "no_data" | "output_failed";

/** What was asked for was not done. The message is one line. */
export class InspectError extends Error {
  override readonly name = "InspectError";

  constructor(
    readonly code: InspectErrorCode,
    what: string,
    options?: ErrorOptions,
  ) {
    super(what, options);
  }
}
