/** Shows a model's card: the few forms of Markdown that cards use, and everything else as plain text. */
import { h, table } from "./dom.js";

/**
 * A card cut into its parts by headings of the second rank.
 * @param {string} text
 * @returns {{ readonly title: string, readonly body: string }[]}
 */
export function partsOf(text) {
  const plain = text.replaceAll(/<!--[\s\S]*?-->/g, "");
  return plain.split(/^(?=## )/m).map((part) => {
    const [first = "", ...rest] = part.split("\n");
    return first.startsWith("## ")
      ? { title: first.slice(3).trim(), body: rest.join("\n") }
      : { title: "", body: part };
  });
}

/**
 * @param {string} text
 * @returns {Node[]}
 */
export function markdown(text) {
  const blocks = text.split(/\n\s*\n/).filter((block) => block.trim() !== "");
  return blocks.flatMap(blockOf);
}

/**
 * @param {string} block
 * @returns {Node[]}
 */
function blockOf(block) {
  const lines = block.trim().split("\n");
  const [first = ""] = lines;
  const heading = /^(#{1,4}) +(.*)$/.exec(first);
  if (heading !== null) {
    const [, marks = "", words = ""] = heading;
    const rest = lines.slice(1).join("\n");
    return [
      h(marks.length === 1 ? "h3" : "h4", {}, ...inline(words)),
      ...(rest === "" ? [] : blockOf(rest)),
    ];
  }
  if (first.startsWith("|")) return [tableOf(lines)];
  if (/^[-*] /.test(first)) return [listOf(lines)];
  if (first.startsWith("!["))
    return [h("p", { class: "hint" }, `Picture: ${first.replace(/^!\[(.*?)\].*$/, "$1")}`)];
  return [h("p", {}, ...inline(lines.join(" ")))];
}

/** @param {readonly string[]} lines */
function listOf(lines) {
  /** @type {string[]} */
  const items = [];
  for (const line of lines) {
    if (/^[-*] /.test(line)) items.push(line.slice(2));
    else items.push(`${items.pop() ?? ""} ${line.trim()}`);
  }
  return h(
    "ul",
    {},
    items.map((item) => h("li", {}, ...inline(item))),
  );
}

/** @param {readonly string[]} lines */
function tableOf(lines) {
  const [head = [], , ...rows] = lines.filter((line) => line.startsWith("|")).map(cellsOf);
  const made = rows.map((cells) =>
    h(
      "tr",
      {},
      cells.map((cell, at) =>
        h(at === 0 ? "th" : "td", at === 0 ? { scope: "row" } : {}, ...inline(cell)),
      ),
    ),
  );
  return table(head.filter(Boolean).join(", ") || "Figures", head, made);
}

/** @param {string} line */
function cellsOf(line) {
  return line
    .replaceAll(/^\||\|\s*$/g, "")
    .split("|")
    .map((cell) => cell.trim());
}

/**
 * Bold and code; a link becomes its words.
 * @param {string} text
 * @returns {(Node | string)[]}
 */
function inline(text) {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`|\[[^\]]+\]\([^)]+\))/).map((part) => {
    if (part.startsWith("**")) return h("strong", {}, part.slice(2, -2));
    if (part.startsWith("`")) return h("code", {}, part.slice(1, -1));
    return part.replace(/^\[([^\]]+)\]\([^)]+\)$/, "$1");
  });
}
