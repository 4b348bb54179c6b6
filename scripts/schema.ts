/** Writes policies/*.schema.json and the key tables of docs/policy.md from the code; `--check` only compares. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toJsonSchema } from "@valibot/to-json-schema";
import { faqSchema } from "../proxy/policy/faq.ts";
import { when } from "../proxy/policy/schema-conditions.ts";
import type { Schema } from "../proxy/policy/schema-values.ts";
import { policySchema } from "../proxy/policy/schema.ts";
import { keyTable } from "./key-table.ts";

/** A JSON object of unknown shape. */
type Shape = Readonly<Record<string, unknown>>;

const ROOT = join(import.meta.dirname, "..");

/** Keywords under which names, not schemas, stand; a name cannot be a variable. */
const NAMES: ReadonlySet<string> = new Set(["propertyNames"]);

/** Generated files by path from the repository's root, as they should be. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const guide = readFileSync(join(ROOT, "docs/policy.md"), "utf8");
  return new Map([
    ["policies/schema.json", `${JSON.stringify(policyJsonSchema(), null, 2)}\n`],
    ["policies/faq.schema.json", `${JSON.stringify(faqJsonSchema(), null, 2)}\n`],
    ["docs/policy.md", withTables(guide)],
  ]);
}

/** The JSON Schema that editors check policy files with. */
export function policyJsonSchema(): Shape {
  const schema = editorSchemaOf(policySchema, "Sidestep policy");
  // Keys for anchors are free.
  return { ...schema, patternProperties: { "^x-": {} } };
}

/** The JSON Schema that editors check FAQ files with. */
export function faqJsonSchema(): Shape {
  return editorSchemaOf(faqSchema, "Sidestep FAQ");
}

/** Files on disk that differ from what they should be. */
export function driftedFiles(): readonly string[] {
  return [...generatedFiles()].flatMap(([path, text]) => {
    const isSame = textOf(path) === text;
    return isSame ? [] : [path];
  });
}

/** Wherever a value may stand, `${VAR}` may stand too; editors read files before it is filled in. */
function editorSchemaOf(schema: Schema<unknown>, title: string): Shape {
  const { $schema, $defs, ...rest } = jsonSchemaOf(schema);
  const variable = { type: "string", pattern: "\\$\\{" };
  const definitions = isShape($defs) ? withVariables($defs) : {};
  return { $schema, title, ...withVariables(rest), $defs: { ...definitions, variable } };
}

function jsonSchemaOf(schema: Schema<unknown>): Shape {
  const made: unknown = toJsonSchema(schema, {
    typeMode: "output",
    ignoreActions: ["transform", "raw_transform", "check"],
    ...(schema === policySchema ? { definitions: { conditions: when } } : {}),
  });
  return isShape(made) ? made : {};
}

function withVariables(schema: Shape): Shape {
  const { description, ...rest } = schema;
  const about = description === undefined ? {} : { description };
  const isLeaf =
    ["enum", "const", "pattern"].some((word) => word in rest) || isScalar(rest["type"]);
  if (isLeaf) return { ...about, anyOf: [rest, { $ref: "#/$defs/variable" }] };
  const inner = Object.entries(rest).map(([word, value]) => [
    word,
    NAMES.has(word) ? value : within(value),
  ]);
  return { ...about, ...Object.fromEntries(inner) };
}

function within(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(within);
  return isShape(value) ? withVariables(value) : value;
}

function isScalar(type: unknown): boolean {
  return type === "number" || type === "integer" || type === "boolean";
}

function isShape(value: unknown): value is Shape {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withTables(guide: string): string {
  const policy = jsonSchemaOf(policySchema);
  const definitions = policy["$defs"];
  const conditions = isShape(definitions) ? definitions["conditions"] : {};
  const tables = { policy, conditions, faq: jsonSchemaOf(faqSchema) };
  return Object.entries(tables).reduce((text, [name, schema]) => {
    const marks = new RegExp(`(<!-- keys: ${name} -->\n)[^]*?(<!-- end -->)`);
    const table = isShape(schema) ? keyTable(schema) : "";
    return text.replace(marks, (_, head: string, tail: string) => `${head}\n${table}\n\n${tail}`);
  }, guide);
}

function textOf(path: string): string | null {
  try {
    return readFileSync(join(ROOT, path), "utf8");
  } catch {
    return null;
  }
}

function main(isCheck: boolean): number {
  const drifted = driftedFiles();
  if (isCheck) {
    for (const path of drifted) console.error(`${path} is not what scripts/schema.ts writes`);
    return drifted.length === 0 ? 0 : 1;
  }
  const files = generatedFiles();
  for (const path of drifted) writeFileSync(join(ROOT, path), files.get(path) ?? "");
  return 0;
}

if (import.meta.main) process.exitCode = main(process.argv.includes("--check"));
