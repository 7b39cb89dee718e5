export type NativeErrorCode = "unsafe_directory" | "no_directory";

/** A directory is not ours alone, or none could be used. */
export class NativeError extends Error {
  override readonly name = "NativeError";

  constructor(
    readonly code: NativeErrorCode,
    what: string,
    options?: ErrorOptions,
  ) {
    super(what, options);
  }
}
