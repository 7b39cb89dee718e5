export type BackupErrorCode = "target_exists" | "nothing_kept" | "store_in_use" | "hold_ended" | "copy_failed";

/** No backup was made, and nothing of it is left. The message is one line. */
export class BackupError extends Error {
  override readonly name = "BackupError";

  constructor(
    readonly code: BackupErrorCode,
    what: string,
    options?: ErrorOptions,
  ) {
    super(what, options);
  }
}
