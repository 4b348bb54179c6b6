/** Puts a label into the caller's own JSON schema, and checks the result against it before it goes out. */
import { Validator } from "@cfworker/json-schema";
import type { Json, JsonObject } from "../core/request.ts";
import { noWord, type Formed } from "./label-wording.ts";
import { wordingIn, type Labels, type Wording } from "./label-options.ts";

const unsatisfied: Formed = { kind: "decline", reason: "format_unsatisfied" };

/** An object with the label in its one enumerated property; anything else required makes it decline. */
export function inSchema(
  schema: JsonObject,
  labels: Labels,
  label: string,
  stated: string | null,
): Formed {
  const slot = slotOf(schema);
  if (slot === null) return unsatisfied;
  if (slot.options === null) return { kind: "decline", reason: "label_format_unknown" };
  const isStated = stated !== null && slot.options.includes(stated);
  const wording: Wording = isStated
    ? { kind: "word", word: stated }
    : wordingIn(slot.options, labels, label);
  if (wording.kind !== "word") return noWord(wording);
  return validated(schema, { [slot.name]: wording.word });
}

interface Slot {
  readonly name: string;
  /** The property's enumeration; null when it has none. */
  readonly options: readonly string[] | null;
}

/** The one property that must be filled; null when there are several, or none. */
function slotOf(schema: JsonObject): Slot | null {
  const properties = objectOf(schema["properties"]) ?? {};
  const listed = Array.isArray(schema["required"]) ? schema["required"] : [];
  const [name, ...others] = listed.length > 0 ? listed : Object.keys(properties);
  if (typeof name !== "string" || others.length > 0) return null;
  return { name, options: optionsOf(objectOf(properties[name]), schema, referencesAtMost) };
}

/** References are followed this often, so that a circle ends. */
const referencesAtMost = 8;

/** What a property may be: its enumeration, one of its constants, or what it refers to inside the schema. */
function optionsOf(
  property: JsonObject | null,
  root: JsonObject,
  references: number,
): readonly string[] | null {
  if (property === null) return null;
  const listed = stringsOf(property["enum"]);
  if (listed !== null) return listed;
  if (typeof property["const"] === "string") return [property["const"]];
  if (typeof property["$ref"] === "string" && references > 0) {
    return optionsOf(referred(root, property["$ref"]), root, references - 1);
  }
  const branches = property["anyOf"] ?? property["oneOf"];
  if (!isList(branches) || references === 0) return null;
  const each = branches.map((branch) => optionsOf(objectOf(branch), root, references - 1));
  return each.every((options) => options !== null) ? each.flat() : null;
}

/** The part that a local reference such as `#/$defs/Mood` names; null for any other reference. */
function referred(root: JsonObject, reference: string): JsonObject | null {
  const [start, ...names] = reference.split("/");
  if (start !== "#") return null;
  let part: JsonObject | null = root;
  for (const name of names) part = objectOf(part?.[name]);
  return part;
}

function validated(schema: JsonObject, value: Readonly<Record<string, string>>): Formed {
  try {
    const { valid } = new Validator(structuredClone(schema), "2020-12").validate(value);
    return valid ? { kind: "text", text: JSON.stringify(value) } : unsatisfied;
  } catch {
    // A schema that cannot be followed, e.g. a reference to nowhere: nothing can be promised.
    return unsatisfied;
  }
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function objectOf(value: Json | undefined): JsonObject | null {
  return isObject(value) ? value : null;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function stringsOf(value: Json | undefined): readonly string[] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const strings = value.filter((item) => typeof item === "string");
  return strings.length === value.length ? strings : null;
}
