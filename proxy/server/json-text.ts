/** Writes domain values as JSON for people and scripts, and reads what they send; the small servers use it. */

/**
 * Maps become objects, patterns their source. Embeddings are left out: they are long, and a text can be
 * guessed from one.
 */
export function asJson(value: unknown): string {
  return JSON.stringify(value, plain, 2);
}

/** A body as a JSON object; null for anything else. */
export function objectIn(body: Buffer): object | null {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function plain(_key: string, value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof RegExp) return value.source;
  return ArrayBuffer.isView(value) ? undefined : value;
}
