/** Reads values out of parsed JSON without trusting their shape; used by every part of the simulated cloud. */

export type JsonObject = { readonly [key: string]: unknown };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

export function objectsOf(value: unknown): readonly JsonObject[] {
  return isArray(value) ? value.filter(isObject) : [];
}

export function stringOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function stringsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

/** Throws SyntaxError when the text is no JSON. */
export function parseJson(text: string): unknown {
  return JSON.parse(text);
}
