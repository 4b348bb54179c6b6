/** YAML nodes of a manifest: what they mean to Kubernetes, and how a JSON Patch is written into them. */
import { Pointer, type Operation } from "rfc6902";
import {
  isMap,
  isNode,
  isScalar,
  isSeq,
  Pair,
  Scalar,
  visit,
  YAMLMap,
  YAMLSeq,
  type Document,
  type Node,
} from "yaml";
import type { Path } from "./workload.ts";

/** What a plain scalar means where YAML 1.1 is read, as Kubernetes' tools do. */
const constants: ReadonlyMap<string, boolean | null> = new Map([
  ...["", "~", "null", "Null", "NULL"].map((text) => [text, null] as const),
  ...["true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"].map(
    (text) => [text, true] as const,
  ),
  ...["false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"].map(
    (text) => [text, false] as const,
  ),
]);
const DECIMAL = /^[-+]?(?:0|[1-9][\d_]*)(?:\.\d*)?(?:[eE][-+]?\d+)?$/;
const OCTAL = /^0o?[0-7]+$/;
const HEXADECIMAL = /^0x[\da-fA-F]+$/;
/** Texts that mean themselves in every version of YAML. */
const SAFE = /^[A-Za-z](?:[\w./:@-]*[\w/])?$/;

/** The value of a node. */
export function plainValue(node: unknown): unknown {
  if (isMap(node)) {
    return Object.fromEntries(
      node.items.map(({ key, value }) => [textOf(key), plainValue(value)] as const),
    );
  }
  if (isSeq(node)) return node.items.map(plainValue);
  if (!isScalar(node)) return null;
  const text = textOf(node);
  return node.type === "PLAIN" || node.type === undefined ? plainScalar(text) : text;
}

function plainScalar(text: string): unknown {
  const constant = constants.get(text);
  if (constant !== undefined) return constant;
  if (OCTAL.test(text) && text !== "0") return Number.parseInt(text.replace("o", ""), 8);
  if (HEXADECIMAL.test(text)) return Number(text);
  return DECIMAL.test(text) ? Number(text.replaceAll("_", "")) : text;
}

/** With the schema that manifests are read by, a scalar's value is its text. */
function textOf(node: unknown): string {
  return isScalar(node) && typeof node.value === "string" ? node.value : "";
}

/** Most values that the aliases of one document stand for. */
const MOST_COPIES = 10_000;

/**
 * Puts what aliases and merge keys stand for in their place, so that a patch changes one place only.
 * Throws RangeError when there are too many of them.
 */
export function expandAliases(document: Document): void {
  let count = 0;
  visit(document, {
    Alias: (_, alias) => {
      const source = alias.resolve(document);
      if (source === undefined) return undefined;
      visit(source, () => {
        count += 1;
        if (count > MOST_COPIES)
          throw new RangeError(`aliases for more than ${MOST_COPIES} values`);
      });
      return copyOf(source);
    },
  });
  if (count === 0) return;
  visit(document, {
    Node: (_, node) => {
      delete node.anchor;
      if (isMap(node)) mergeInto(node);
    },
  });
}

function copyOf(node: Node): Node {
  const copy = node.clone();
  return isNode(copy) ? copy : node;
}

function isMerge({ key }: Pair): boolean {
  return textOf(key) === "<<";
}

/** YAML's merge key: what the map itself says comes first. */
function mergeInto(map: YAMLMap): void {
  const sources = map.items
    .filter(isMerge)
    .flatMap(({ value }) => (isSeq(value) ? value.items : [value]));
  if (sources.length === 0) return;
  map.items = map.items.filter((pair) => !isMerge(pair));
  for (const source of sources) {
    if (!isMap(source)) continue;
    for (const pair of source.items) if (!map.has(textOf(pair.key))) map.items.push(pair);
  }
}

/** Carries out one operation of a JSON Patch on what stands at `base`. */
export function patchNode(document: Document, base: Path, operation: Operation): void {
  const path = [...base, ...Pointer.fromJSON(operation.path).tokens.slice(1)];
  const [key, parent] = [String(path.at(-1)), document.getIn(path.slice(0, -1), true)];
  if (isMap(parent)) patchMap(parent, key, operation);
  else if (isSeq(parent)) patchSeq(parent, key, operation);
}

function patchMap(map: YAMLMap, key: string, operation: Operation): void {
  if (operation.op === "remove") map.delete(key);
  else if ("value" in operation) map.set(textNode(key), nodeOf(operation.value));
}

function patchSeq(list: YAMLSeq, key: string, operation: Operation): void {
  const at = key === "-" ? list.items.length : Number(key);
  const isAdded = operation.op === "add";
  if (operation.op === "remove") list.items.splice(at, 1);
  else if ("value" in operation) list.items.splice(at, isAdded ? 0 : 1, nodeOf(operation.value));
}

function nodeOf(value: unknown): Node {
  if (Array.isArray(value)) {
    const list = new YAMLSeq();
    list.items = value.map(nodeOf);
    return list;
  }
  if (typeof value === "object" && value !== null) {
    const map = new YAMLMap();
    map.items = Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([key, each]) => new Pair(textNode(key), nodeOf(each)));
    return map;
  }
  return typeof value === "string" ? textNode(value) : scalarOf(String(value), "PLAIN");
}

function textNode(text: string): Scalar {
  const isSafe = SAFE.test(text) && typeof plainScalar(text) === "string";
  if (isSafe && !/^[yYnN]$/.test(text)) return scalarOf(text, "PLAIN");
  return scalarOf(text, text.includes('"') ? "QUOTE_SINGLE" : "QUOTE_DOUBLE");
}

function scalarOf(text: string, type: Scalar.Type): Scalar {
  const scalar = new Scalar(text);
  scalar.type = type;
  return scalar;
}
