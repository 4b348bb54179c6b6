/** Makes a table of all keys out of a JSON Schema; scripts/schema.ts puts it into the reference. */
import { COMPARISON, DURATION, PERCENT, SIZE } from "../proxy/policy/units.ts";

type Shape = Readonly<Record<string, unknown>>;

/** Keys that hold conditions, which have a table of their own. */
const CONDITIONS: ReadonlySet<string> = new Set(["when", "deny", "any", "all", "not"]);

const FORMS: ReadonlyMap<unknown, string> = new Map([
  [DURATION.source, "duration"],
  [SIZE.source, "size"],
  [PERCENT.source, "percent"],
  [COMPARISON.source, "comparison"],
]);

/** Rows `| key | value | about |` for every key with a sentence, in the schema's order. */
export function keyTable(root: Shape): string {
  const rows = keysIn(root, "").flatMap(({ path, schema }) => rowsOf(path, schema));
  return ["| key | value | about |", "|---|---|---|", ...rows].join("\n");
}

interface Key {
  readonly path: string;
  readonly schema: Shape;
}

function rowsOf(path: string, schema: Shape): readonly string[] {
  const about = schema["description"];
  const row =
    typeof about === "string" ? [`| \`${path}\` | ${kindOf(schema)} | ${escaped(about)} |`] : [];
  const name = path.split(".").at(-1) ?? "";
  if (CONDITIONS.has(name)) return row;
  const inner = keysIn(schema, path);
  return [...row, ...inner.flatMap((key) => rowsOf(key.path, key.schema))];
}

/** The keys right below a schema, whatever list, map or choice stands between. */
function keysIn(schema: Shape, path: string): readonly Key[] {
  const found = new Map<string, Key>();
  for (const branch of shapesOf(schema["anyOf"])) {
    for (const key of keysIn(branch, path)) found.set(key.path, key);
  }
  for (const [name, inner] of Object.entries(shapeOf(schema["properties"]))) {
    const full = path === "" ? name : `${path}.${name}`;
    found.set(full, { path: full, schema: shapeOf(inner) });
  }
  const below = [
    [schema["additionalProperties"], `${path}.NAME`],
    [schema["items"], path === "" ? "" : `${path}[]`],
  ] as const;
  for (const [inner, prefix] of below) {
    if (inner === undefined || inner === false) continue;
    for (const key of keysIn(shapeOf(inner), prefix)) found.set(key.path, key);
  }
  return [...found.values()];
}

function kindOf(schema: Shape): string {
  if (schema["$ref"] !== undefined) return "conditions";
  const choices = shapesOf(schema["anyOf"]);
  if (choices.length > 0) return [...new Set(choices.map(kindOf))].reduce(joined);
  if (Array.isArray(schema["enum"])) return schema["enum"].map(quoted).join(", ");
  if (schema["const"] !== undefined) return quoted(schema["const"]);
  switch (schema["type"]) {
    case "array":
      return `list of ${kindOf(shapeOf(schema["items"]))}`;
    case "object":
      return schema["propertyNames"] === undefined
        ? "map"
        : `map of names to ${kindOf(shapeOf(schema["additionalProperties"]))}`;
    case "string":
      return FORMS.get(schema["pattern"]) ?? "text";
    case "boolean":
      return "true or false";
    case "null":
      return "nothing";
    default:
      return numberKind(schema);
  }
}

/** Two choices in words; a list of the first is not spelled out again. */
function joined(one: string, other: string): string {
  return other === `list of ${one}` ? `${one}, or a list of these` : `${one} or ${other}`;
}

function numberKind(schema: Shape): string {
  const kind = schema["type"] === "integer" ? "whole number" : "number";
  const [least, most] = [schema["minimum"], schema["maximum"]];
  const hasLimits = typeof least === "number" && typeof most === "number";
  return hasLimits ? `${kind} from ${least} to ${most}` : kind;
}

function quoted(value: unknown): string {
  return `\`${String(value)}\``;
}

function escaped(text: string): string {
  return text.replaceAll("|", "\\|");
}

function shapesOf(value: unknown): readonly Shape[] {
  return Array.isArray(value) ? value.map(shapeOf) : [];
}

function shapeOf(value: unknown): Shape {
  const isShape = typeof value === "object" && value !== null && !Array.isArray(value);
  return isShape ? Object.fromEntries(Object.entries(value)) : {};
}
