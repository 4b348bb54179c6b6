/** Pieces of requests that both protocols read alike: typed parameters, and contents as text; used by the request readers. */
import type { Json, JsonObject } from "../core/request.ts";
import type { Barrier, Barriers, Rules } from "./barriers.ts";
import { isList, isObject } from "./json.ts";

/** Thrown inside a reader when a body is not a request of its protocol; never leaves the codec. */
export class Unreadable extends Error {}

/** The value at `key`, null and absent being the same. */
export function valueAt(object: JsonObject, key: string): Json {
  return object[key] ?? null;
}

/** @throws Unreadable when the value is there and no string. */
export function optionalString(object: JsonObject, key: string): string | null {
  const value = valueAt(object, key);
  if (value !== null && typeof value !== "string") throw new Unreadable(key);
  return value;
}

/** @throws Unreadable when the value is missing, empty or no string. */
export function requiredString(object: JsonObject, key: string): string {
  const value = optionalString(object, key);
  if (value === null || value === "") throw new Unreadable(key);
  return value;
}

/** @throws Unreadable when the value is there and no boolean. */
export function optionalBoolean(object: JsonObject, key: string): boolean {
  const value = valueAt(object, key) ?? false;
  if (typeof value !== "boolean") throw new Unreadable(key);
  return value;
}

/** @throws Unreadable when the value is there and no whole number from 1. */
export function optionalCount(object: JsonObject, key: string): number | null {
  const value = valueAt(object, key);
  if (value === null) return null;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1)
    throw new Unreadable(key);
  return value;
}

/** @throws Unreadable when the value is there and no object. */
export function optionalObject(object: JsonObject, key: string): JsonObject | null {
  const value = valueAt(object, key);
  if (value !== null && !isObject(value)) throw new Unreadable(key);
  return value;
}

/** The objects of the non-empty list at `key`. @throws Unreadable when there is no such list. */
export function requiredObjects(object: JsonObject, key: string): readonly JsonObject[] {
  const value = valueAt(object, key);
  if (!isList(value) || value.length === 0) throw new Unreadable(key);
  return value.map(asObject);
}

function asObject(value: Json): JsonObject {
  if (!isObject(value)) throw new Unreadable("an item is no object");
  return value;
}

/** How a protocol's content parts are judged. */
export interface PartRules {
  /** What a text part may carry besides its text. */
  readonly text: Rules;
  /** What a part of another type bars; null for one that neither bars nor speaks. */
  readonly barrierOf: (type: string) => Barrier | null;
}

/** The text of a content: a string, or text parts joined by newlines. @throws Unreadable for other shapes. */
export function textOf(content: Json, rules: PartRules, barriers: Barriers): string {
  if (typeof content === "string") return content;
  if (!isList(content)) throw new Unreadable("content");
  const texts: string[] = [];
  for (const part of content.map(asObject)) {
    const type = requiredString(part, "type");
    if (type !== "text") {
      barriers.add(rules.barrierOf(type));
      continue;
    }
    barriers.check(part, rules.text);
    texts.push(optionalString(part, "text") ?? missing("text"));
  }
  return texts.join("\n");
}

function missing(key: string): never {
  throw new Unreadable(key);
}
