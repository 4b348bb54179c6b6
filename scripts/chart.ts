/** Writes the chart's README.md and values.schema.json from values.yaml, where every value has a sentence of its own. */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isMap, isNode, isScalar, parseDocument, type Pair, type YAMLMap } from "yaml";

const chart = resolve(import.meta.dirname, "../charts/sidestep");

/** A value with its sentence; `form` is what stands in brackets behind it. */
interface Row {
  readonly path: string;
  readonly value: unknown;
  readonly about: string;
  readonly form: string | null;
}

type Schema = Readonly<Record<string, unknown>>;

/** The files by path, as they should be. */
export function chartFiles(): ReadonlyMap<string, string> {
  const root = parseDocument(readFileSync(join(chart, "values.yaml"), "utf8")).contents;
  if (!isMap(root)) throw new TypeError("values.yaml is no map");
  const rows: Row[] = [];
  const schema = {
    $schema: "https://json-schema.org/draft-07/schema#",
    ...schemaOf(root, "", rows),
  };
  return new Map([
    [join(chart, "values.schema.json"), `${JSON.stringify(schema, null, 2)}\n`],
    [join(chart, "README.md"), readme(rows)],
  ]);
}

/** A map's schema; its values' rows are added on the way. */
function schemaOf(map: YAMLMap, prefix: string, rows: Row[]): Schema {
  const properties = map.items.map((pair, at) => {
    const name = isScalar(pair.key) ? String(pair.key.value) : "";
    const path = prefix === "" ? name : `${prefix}.${name}`;
    // The comment above a map's first key is the map's.
    const row = rowOf(pair, path, at === 0 ? (map.commentBefore ?? null) : null);
    if (row === null && isMap(pair.value)) return [name, schemaOf(pair.value, path, rows)];
    if (row === null) throw new TypeError(`values.yaml: ${path} has no sentence`);
    rows.push(row);
    return [name, { description: row.about, ...formOf(row) }];
  });
  // What a parent chart sets for all of its charts.
  const inherited = prefix === "" ? [["global", { type: "object" }]] : [];
  return {
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries([...properties, ...inherited]),
  };
}

/** Null for a map whose own values have the sentences. */
function rowOf({ key, value }: Pair, path: string, above: string | null): Row | null {
  const comment = isScalar(key) ? (key.commentBefore ?? above) : null;
  const text = (comment ?? "").split("\n").find((line) => line.startsWith(" -- "));
  if (text === undefined) return null;
  const [, about = "", form = null] = /^ -- (.*?)(?: \[(.*)\])?$/.exec(text) ?? [];
  return { path, value: isNode(value) ? value.toJSON() : value, about, form };
}

const forms: readonly (readonly [RegExp, (match: RegExpExecArray) => Schema])[] = [
  [/^one of (.*)$/, ([, words = ""]) => ({ enum: words.split(", ") })],
  [/^integer (\d+)\.\.(\d+)$/, ([, least, most]) => between(Number(least), Number(most))],
  [/^integer or null$/, () => ({ type: ["integer", "null"] })],
  [/^string or null$/, () => ({ type: ["string", "null"] })],
  [/^duration$/, () => ({ type: "string", pattern: String.raw`^\d+(\.\d+)?(ms|s|m|h)$` })],
];

function between(minimum: number, maximum: number): Schema {
  return { type: "integer", minimum, maximum };
}

function formOf({ path, value, form }: Row): Schema {
  if (form === null) return { type: typeOf(value) };
  for (const [pattern, make] of forms) {
    const match = pattern.exec(form);
    if (match !== null) return make(match);
  }
  throw new TypeError(`values.yaml: ${path} has a form that nobody knows: ${form}`);
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "number" ? "integer" : typeof value;
}

function readme(rows: readonly Row[]): string {
  const lines = rows.map(({ path, value, about, form }) => {
    const kind = form === null ? typeOf(value) : form;
    return `| \`${path}\` | ${kind} | \`${JSON.stringify(value)}\` | ${about} |`;
  });
  return [
    "# The chart",
    "",
    "Puts Sidestep into the pods of a cluster: an admission webhook with its certificates, and what",
    "watches over it. [docs/kubernetes.md](../../docs/kubernetes.md) tells how it is used.",
    "",
    "Kubernetes 1.29 or newer. Made by `npm run docs` from values.yaml, as values.schema.json is, which",
    "refuses keys that are not in this table.",
    "",
    "| value | form | default | what it does |",
    "| --- | --- | --- | --- |",
    ...lines,
    "",
  ].join("\n");
}

if (import.meta.main) {
  for (const [path, text] of chartFiles()) writeFileSync(path, text);
}
