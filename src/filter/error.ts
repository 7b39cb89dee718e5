/** A filter is not understood: what is wrong, at which characters, and what was probably meant. */
export class FilterError extends Error {
  override readonly name = "FilterError";

  constructor(
    what: string,
    readonly at: number,
    readonly end: number,
    /** A text to put there instead. */
    readonly suggestion: string | null = null,
  ) {
    super(`${what} (at character ${at + 1})${suggestion === null ? "" : `: did you mean ${suggestion}?`}`);
  }
}
