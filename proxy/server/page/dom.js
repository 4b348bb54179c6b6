/** Makes elements and swaps them in; texts go in as texts, never as markup. */

/** @typedef {Node | string | number | null | undefined | false} Leaf */
/** @typedef {Leaf | readonly (Leaf | readonly Leaf[])[]} Child */
/** @typedef {string | number | boolean | null | undefined | ((event: Event) => void)} Value */

/**
 * An element; a property that is a function listens to the event of its name.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Readonly<Record<string, Value>>} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

/**
 * An element of a drawing.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Readonly<Record<string, Value>>} [properties]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function drawn(tag, properties = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);
}

/**
 * @template {Element} Of
 * @param {Of} element
 * @param {Readonly<Record<string, Value>>} properties
 * @param {readonly Child[]} children
 * @returns {Of}
 */
function filled(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...nodesOf(children));
  return element;
}

/**
 * @param {readonly Child[]} children
 * @returns {(Node | string)[]}
 */
function nodesOf(children) {
  return children.flat(2).flatMap((child) => {
    if (child === null || child === undefined || child === false) return [];
    return [typeof child === "number" ? String(child) : child];
  });
}

/**
 * Puts other content into an element; what was unfolded stays so, and the focus stays where it was, by id.
 * @param {Element} root
 * @param {...Child} children
 */
export function swap(root, ...children) {
  const focused = root.contains(document.activeElement) ? document.activeElement?.id : "";
  const folds = new Map(
    [...root.querySelectorAll("details[id]")].map((one) => [one.id, isOpen(one)]),
  );
  root.replaceChildren(...nodesOf(children));
  for (const fold of root.querySelectorAll("details[id]")) {
    const wasOpen = folds.get(fold.id);
    if (wasOpen !== undefined) fold.toggleAttribute("open", wasOpen);
  }
  if (focused) document.getElementById(focused)?.focus();
}

/** @param {Element} fold */
function isOpen(fold) {
  return fold.hasAttribute("open");
}

/**
 * The element of that id, which the document has.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`there is no #${id}`);
  return found;
}

/**
 * Lengths as a share of the whole; scripts may set styles where markup may not.
 * @param {HTMLElement} element
 * @param {{ readonly left?: number, readonly width?: number }} shares
 */
export function placed(element, { left, width }) {
  if (left !== undefined) element.style.left = `${(left * 100).toFixed(3)}%`;
  if (width !== undefined) element.style.width = `${(width * 100).toFixed(3)}%`;
  return element;
}

/**
 * A table with a caption that only readers hear.
 * @param {string} caption
 * @param {readonly (string | { readonly text: string, readonly class?: string })[]} heads
 * @param {readonly HTMLTableRowElement[]} rows
 */
export function table(caption, heads, rows) {
  const cells = heads.map((head) => {
    const { text, ...more } = typeof head === "string" ? { text: head } : head;
    return text === "" ? h("td", {}) : h("th", { scope: "col", ...more }, text);
  });
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      {},
      h("caption", { class: "heard" }, caption),
      h("thead", {}, h("tr", {}, cells)),
      h("tbody", {}, rows),
    ),
  );
}

/**
 * Pairs of a name and what it is.
 * @param {readonly (readonly [string, Child])[]} pairs
 * @param {"few" | "many"} [size] Many short ones stand closer.
 */
export function facts(pairs, size = "few") {
  const items = pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
  return h("dl", { class: `facts ${size}` }, items);
}

/**
 * A part of a view with a heading.
 * @param {string} title
 * @param {...Child} children
 */
export function section(title, ...children) {
  return h("section", {}, h("h2", {}, title), ...children);
}

/**
 * A row of a table: its name, and its cells; those that are cells already stay as they are.
 * @param {Child} name
 * @param {...Child} cells
 */
export function row(name, ...cells) {
  const made = cells.map((cell) =>
    cell instanceof HTMLTableCellElement ? cell : h("td", {}, cell),
  );
  return h("tr", {}, h("th", { scope: "row" }, name), made);
}

/**
 * A cell with a number.
 * @param {string} text
 */
export function figure(text) {
  return h("td", { class: "number" }, text);
}

/** The head of a column of numbers. @param {string} text */
export function figureHead(text) {
  return { text, class: "number" };
}

/** A line to copy. @param {string} text */
export function sample(text) {
  return h("pre", { tabindex: "0" }, h("code", {}, text));
}

/** A quiet word. @param {...Child} children */
export function hint(...children) {
  return h("p", { class: "hint" }, ...children);
}
