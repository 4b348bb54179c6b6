/** A request body as one JSON object, or nothing: the checks that read() and splice() share, so that both see the same call. */
import { isUtf8 } from "node:buffer";
import type { Json, JsonObject } from "../core/request.ts";
import { isList, isObject, parseJson } from "./json.ts";
import { outlineOf } from "./json-scan.ts";

/** Deeper nesting than any real call has; what walks a body recursively stays far from its stack's end. */
const deepestNesting = 200;

/** Null for anything but one UTF-8 JSON object without BOM, without repeated keys, and not absurdly deep. */
export function parseBody(bytes: Buffer): JsonObject | null {
  if (!isUtf8(bytes)) return null;
  const outline = outlineOf(bytes);
  if (outline.depth > deepestNesting) return null;
  const object = parseJson(bytes.toString("utf8"));
  if (!isObject(object)) return null;
  // Of a repeated key one parser takes the first value and another the last: two different calls.
  if (membersIn(object) < outline.members) return null;
  return object;
}

function membersIn(value: Json): number {
  if (typeof value !== "object" || value === null) return 0;
  const inner: readonly Json[] = isList(value) ? value : Object.values(value);
  let sum = isList(value) ? 0 : inner.length;
  for (const one of inner) sum += membersIn(one);
  return sum;
}
