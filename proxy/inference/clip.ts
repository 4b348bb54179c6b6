/** Cuts a text of any size to what its window can depend on, before it is copied to the worker. */

// More than the window ever tokenises of each end.
const end = 20_000;

/** The text itself, or its two ends with a space between them. */
export function clipped(text: string): string {
  const trimmed = text.trim();
  if (trimmed.length <= 2 * end) return trimmed;
  return `${trimmed.slice(0, end)} ${trimmed.slice(-end)}`;
}
