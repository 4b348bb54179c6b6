/** Colours a policy's text by what its parts are; a reader's help, no parser: the check finds the mistakes. */
import { h } from "./dom.js";

/** What a line is made of, in the order in which it is looked for. */
const parts =
  /(?<comment>(?<=^|\s)#.*$)|(?<text>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|(?<variable>\$\{[^}]*\})|(?<key>[\w.*-]+(?=\s*:(?:\s|$)))|(?<mark>(?<=^\s*)-(?=\s)|[{}[\],:]|[&*][\w-]+)|(?<number>(?<![\w.-])-?\d+(?:\.\d+)?(?:%|ms|s|m|h|d)?(?![\w.-]))|(?<word>\b(?:true|false|null|any|none|observe|enforce)\b)/g;

/**
 * The text as numbered lines; those with a problem are marked.
 * @param {string} text
 * @param {ReadonlySet<number>} [troubled]
 */
export function highlighted(text, troubled = new Set()) {
  const lines = text.replace(/\n$/, "").split("\n");
  return h(
    "ol",
    { class: "code" },
    lines.map((line, at) =>
      h("li", { class: troubled.has(at + 1) ? "trouble" : null }, h("code", {}, coloured(line))),
    ),
  );
}

/**
 * @param {string} line
 * @returns {(Node | string)[]}
 */
function coloured(line) {
  /** @type {(Node | string)[]} */
  const nodes = [];
  let at = 0;
  for (const match of line.matchAll(parts)) {
    const [look] = Object.entries(match.groups ?? {}).find(([, found]) => found !== undefined) ?? [
      "",
    ];
    nodes.push(line.slice(at, match.index), h("span", { class: `y-${look}` }, match[0]));
    at = match.index + match[0].length;
  }
  nodes.push(line.slice(at));
  return nodes.filter((node) => node !== "");
}
