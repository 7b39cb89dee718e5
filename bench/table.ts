/** Prints rows of Markdown tables. */
export const line = (texts: readonly string[]): void => console.log(`| ${texts.join(" | ")} |`);

/** The first row and the line beneath it; all columns but the first are numbers. */
export function head(texts: readonly string[]): void {
  line(texts);
  line(texts.map((_, index) => (index === 0 ? "---" : "---:")));
}

/** What does not apply is a dash. */
export const cells = (numbers: readonly (number | undefined)[], digits: number): string[] =>
  numbers.map((number) =>
    number === undefined
      ? "–"
      : number.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  );
