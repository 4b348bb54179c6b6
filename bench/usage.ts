/** How the bench commands say that they were called wrongly. */

/** Wrong use of a command; its message says what to mend. */
export class UsageError extends Error {}

/** What `parse` gives; what it has against its arguments becomes a UsageError. */
export function orUsageError<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
