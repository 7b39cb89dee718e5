/** A text as a filter's value. */
export const quoted = (text: string): string => (/^[\w./:-]+$/.test(text) ? text : JSON.stringify(text));

/** Two filters of which both must hold. */
export function both(filter: string, other: string): string {
  if (filter.trim() === "") return other;
  return /\bor\b/i.test(filter) ? `(${filter}) and ${other}` : `${filter} and ${other}`;
}
