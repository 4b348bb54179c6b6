/** Makes a value that fits a JSON Schema, for tool arguments and structured output. */

import { isArray, isObject, numberOf, objectsOf, stringOf, stringsOf } from "./json.ts";
import type { JsonObject } from "./json.ts";
import { chooseLabel } from "./label.ts";
import { proseFor } from "./prose.ts";

/** Where values come from: the caller's words, so that arguments look meant. */
export interface ValueSource {
  readonly text: string;
  readonly seed: number;
}

interface Visit extends ValueSource {
  readonly root: JsonObject;
  readonly name: string;
  readonly depth: number;
}

const MAX_DEPTH = 12;

const FORMATS: Readonly<Record<string, string>> = {
  date: "2026-01-15",
  "date-time": "2026-01-15T12:00:00Z",
  time: "12:00:00Z",
  email: "someone@example.com",
  uri: "https://example.com/",
  uuid: "123e4567-e89b-42d3-a456-426614174000",
};

export function valueFor(schema: JsonObject, source: ValueSource): unknown {
  return visit(schema, { ...source, root: schema, name: "", depth: 0 });
}

function visit(schema: JsonObject, at: Visit): unknown {
  if (at.depth > MAX_DEPTH) return null;
  if ("const" in schema) return schema["const"];
  const values = schema["enum"];
  if (isArray(values)) return enumValue(values, at);
  const nested = nestedSchema(schema, at.root);
  if (nested !== undefined) return visit(nested, { ...at, depth: at.depth + 1 });
  return typedValue(schema, at);
}

function enumValue(values: readonly unknown[], at: Visit): unknown {
  const labels = stringsOf(values);
  return labels.length === values.length ? chooseLabel(labels, at.text, at.seed) : values[0];
}

function nestedSchema(schema: JsonObject, root: JsonObject): JsonObject | undefined {
  const reference = stringOf(schema["$ref"]);
  if (reference !== undefined) return resolve(reference, root);
  for (const keyword of ["anyOf", "oneOf", "allOf"]) {
    const first = objectsOf(schema[keyword])[0];
    if (first !== undefined) return first;
  }
  return undefined;
}

function resolve(reference: string, root: JsonObject): JsonObject {
  let place: unknown = root;
  for (const part of reference.split("/").slice(1)) {
    place = isObject(place) ? place[part.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined;
  }
  return isObject(place) ? place : {};
}

function typedValue(schema: JsonObject, at: Visit): unknown {
  const type = stringsOf(schema["type"])[0] ?? ("properties" in schema ? "object" : "string");
  switch (type) {
    case "object":
      return objectValue(schema, at);
    case "array":
      return arrayValue(schema, at);
    case "integer":
    case "number":
      return numberValue(schema, at);
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return stringValue(schema, at);
  }
}

function objectValue(schema: JsonObject, at: Visit): JsonObject {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [
      name,
      visit(isObject(property) ? property : {}, { ...at, name, depth: at.depth + 1 }),
    ]),
  );
}

function arrayValue(schema: JsonObject, at: Visit): readonly unknown[] {
  const items = isObject(schema["items"]) ? schema["items"] : {};
  const length = Math.min(100, Math.max(1, numberOf(schema["minItems"]) ?? 1));
  return Array.from({ length }, () => visit(items, { ...at, depth: at.depth + 1 }));
}

function numberValue(schema: JsonObject, at: Visit): number {
  const said = /-?\d+(?:\.\d+)?/u.exec(at.text.replaceAll(/[A-Z#]+\d+/gu, ""))?.[0];
  const wanted = said === undefined ? 1 : Number(said);
  const low = numberOf(schema["minimum"]) ?? -Number.MAX_SAFE_INTEGER;
  const high = numberOf(schema["maximum"]) ?? Number.MAX_SAFE_INTEGER;
  const bounded = Math.min(high, Math.max(low, wanted));
  return schema["type"] === "integer" ? Math.trunc(bounded) : bounded;
}

function stringValue(schema: JsonObject, at: Visit): string {
  const format = FORMATS[stringOf(schema["format"]) ?? ""];
  const words = format ?? namedValue(at) ?? proseFor(at.text, at.seed);
  return words.slice(0, numberOf(schema["maxLength"]) ?? 200);
}

/** What the caller said, for properties whose name tells what they want. */
function namedValue({ name, text }: Visit): string | undefined {
  if (/query|question|text|term/iu.test(name)) return text;
  if (/city|location|place/iu.test(name)) {
    return /\bin ([A-Z]\w+(?: [A-Z]\w+)?)/u.exec(text)?.[1] ?? "Paris";
  }
  if (!/id$|number$|reference|^order/iu.test(name)) return undefined;
  return /#?[A-Z]{0,3}\d{3,}[\w-]*/u.exec(text)?.[0];
}
