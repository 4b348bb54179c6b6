/** JSON without surprises: parsing that returns instead of throwing, and narrowing; used by every reader of this folder. */
import type { Json, JsonObject } from "../core/request.ts";

/** The parsed text; undefined when it is not JSON. */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/**
 * As parseJson, but a number that JavaScript would write otherwise (1.0, 2^63) keeps its own spelling.
 * Undefined also for nesting of thousands of levels, so that all it gives can be written again:
 * reviving takes twice the stack that writing does.
 */
export function parseJsonAsWritten(text: string): Json | undefined {
  try {
    return JSON.parse(text, asWritten) as Json;
  } catch {
    return undefined;
  }
}

// The compiler's library does not list JSON.rawJSON and the reviver's third argument yet.
const { rawJSON } = JSON as typeof JSON & { readonly rawJSON: (text: string) => Json };

function asWritten(_key: string, value: Json, context?: { readonly source?: string }): Json {
  if (typeof value !== "number" || context?.source === undefined) return value;
  return JSON.stringify(value) === context.source ? value : rawJSON(context.source);
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The string at `key`, or undefined. */
export function stringAt(object: JsonObject, key: string): string | undefined {
  const value = object[key];
  return typeof value === "string" ? value : undefined;
}

/** The object at `key`, or an empty one. */
export function objectAt(object: JsonObject, key: string): JsonObject {
  const value = object[key];
  return isObject(value) ? value : {};
}

/** The objects in the list at `key`; what is no object is left out. */
export function objectsAt(object: JsonObject, key: string): readonly JsonObject[] {
  const value = object[key];
  return isList(value) ? value.filter(isObject) : [];
}

/** The count at `key`: a whole number from 0; undefined when there is none. */
export function countAt(object: JsonObject, key: string): number | undefined {
  const value = object[key];
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** The object without members that are null, "" or []. */
export function withoutEmpty(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !saysNothing(value)));
}

function saysNothing(value: Json): boolean {
  return value === null || value === "" || (isList(value) && value.length === 0);
}
