/** Takes credentials out of a policy's text, so that it can be shown; whatever else stands there keeps its place. */
import { isAlias, isScalar, parseDocument, visit, type Document, type Node } from "yaml";

/** Keys whose value is a credential. */
const secretKeys = /^(?:key|api[-_]?key|token|secret|password|authorization|x-api-key|salt)$/i;

/** A reference to the environment without a value to fall back on gives nothing away. */
const reference = /^["']?\$\{\w+(?::-)?\}["']?$/;

const mask = '"***"';

/** Whether it is worth parsing a text for such keys. */
const maySecret = /(?:key|token|secret|password|authorization|salt)["']?\s*:/i;

/** The text with the values of such keys masked; also of a text that is no whole YAML. */
export function masked(text: string): string {
  if (!maySecret.test(text)) return text;
  const document = parseDocument(text, { logLevel: "silent" });
  const places = secretsIn(document).toSorted(([one], [other]) => other - one);
  const hidden = places.reduce(
    (left, [from, to]) => `${left.slice(0, from)}${maskFor(left, from, to)}${left.slice(to)}`,
    text,
  );
  return document.errors.length === 0 ? hidden : maskedLines(hidden);
}

type Place = readonly [from: number, to: number];

function secretsIn(document: Document): readonly Place[] {
  const places = new Map<number, Place>();
  visit(document, {
    Pair: (_, { key, value }) => {
      if (!isScalar(key) || !secretKeys.test(String(key.value))) return;
      const node = isAlias(value) ? value.resolve(document) : value;
      const place = placeOf(isScalar(node) ? node : null);
      if (place !== null) places.set(place[0], place);
    },
  });
  return [...places.values()];
}

function placeOf(node: Node | null): Place | null {
  const range = node?.range ?? null;
  return range === null || range[1] <= range[0] ? null : [range[0], range[1]];
}

function maskFor(text: string, from: number, to: number): string {
  const value = text.slice(from, to);
  if (reference.test(value.trim())) return value;
  return value.endsWith("\n") ? `${mask}\n` : mask;
}

/** A broken text may hold what its tree does not: line by line, then. */
function maskedLines(text: string): string {
  const pairs = /(["']?\b([\w-]+)["']?\s*:[ \t]+)("[^"\n]*"?|'[^'\n]*'?|[^\s,{}[\]#|>&*][^,}\n]*)/g;
  return text.replace(pairs, (whole, before: string, name: string, value: string) =>
    secretKeys.test(name) && !reference.test(value.trim()) ? `${before}${mask}` : whole,
  );
}
