/** Scores beside the thresholds that routes put on them, and signals; the views of one call and of explain share it. */
import { facts, figure, figureHead, h, hint, placed, row, section, table } from "./dom.js";
import { none, score } from "./format.js";

/** @typedef {import("../../layers/head-account.ts").HeadAccount} HeadAccount */
/** @typedef {import("../../layers/head-account.ts").BoundAccount} BoundAccount */

const columns = ["Head", "Label", figureHead("Score"), "", "Next best", "Thresholds of routes"];

/**
 * What each head of the model said.
 * @param {readonly HeadAccount[]} heads
 * @param {string} without What to say where there are none.
 */
export function headsPart(heads, without) {
  const title = "Scores of the model";
  if (heads.length === 0) return section(title, hint(without));
  const rows = heads.map((head) =>
    row(
      head.head,
      head.label === head.head ? "" : head.label,
      figure(score(head.confidence)),
      meter(head.confidence),
      secondOf(head),
      boundsOf(head.bounds),
    ),
  );
  return section(title, table(title, columns, rows));
}

/** @param {HeadAccount} head */
function secondOf({ second, margin }) {
  if (second === null) return none;
  const apart = margin === null ? "" : `, ${distance(margin)}`;
  return `${second.label} ${score(second.confidence)}${apart}`;
}

/** How far the next one is. @param {number} margin */
export function distance(margin) {
  return margin < 0 ? `${score(-margin)} nearer` : `${score(margin)} behind`;
}

/**
 * Thresholds with a word for whether they were kept.
 * @param {readonly BoundAccount[]} bounds
 */
export function boundsOf(bounds) {
  if (bounds.length === 0) return h("span", { class: "hint" }, "none");
  const items = bounds.map(({ route, key, bound, isMet, by }) =>
    h("li", {}, verdict(isMet), ` ${route}: ${key} ${bound}, by ${score(by)}`),
  );
  return h("ul", { class: "plain" }, items);
}

/** @param {boolean} isMet */
export function verdict(isMet) {
  return h("span", { class: isMet ? "met" : "missed" }, isMet ? "✓ met" : "✕ missed");
}

/**
 * A bar for a number from 0 to 1; the number stands beside it.
 * @param {number} value
 * @param {number} [limit] Where a mark is set.
 */
export function meter(value, limit) {
  const bar = placed(h("span", { class: "fill" }), { width: share(value) });
  const mark =
    limit === undefined ? null : placed(h("span", { class: "mark" }), { left: share(limit) });
  return h("span", { class: "meter", "aria-hidden": "true" }, bar, mark);
}

/**
 * A bar from the lower to the upper end of an interval, a mark where the limit is; the numbers stand beside it.
 * @param {{ readonly value: number, readonly low: number, readonly high: number }} interval
 * @param {number} limit
 */
export function intervalMeter({ value, low, high }, limit) {
  const scale = Math.max(high, limit) * 1.2;
  const reach = { left: low / scale, width: (high - low) / scale };
  return h(
    "span",
    { class: "meter interval", "aria-hidden": "true" },
    placed(h("span", { class: "reach" }), reach),
    placed(h("span", { class: "point" }), { left: value / scale }),
    placed(h("span", { class: "mark" }), { left: limit / scale }),
  );
}

/** @param {number} value */
function share(value) {
  return Math.min(1, Math.max(0, value));
}

/**
 * Every signal as a name and its value.
 * @param {Readonly<Record<string, unknown>>} signals
 */
export function signalsPart(signals) {
  const pairs = flat(signals).map(
    ([name, value]) => /** @type {const} */ ([name, shown(name, value)]),
  );
  return section("Signals", facts(pairs, "many"));
}

const counted = /turns|characters|tokens|numbers|questions|lines/;

/** @param {string} name @param {unknown} value */
function shown(name, value) {
  if (typeof value !== "number") return String(value);
  if (value < 0 || value > 1 || counted.test(name)) return score(value);
  return [h("span", { class: "of-one" }, score(value)), " ", meter(value)];
}

/**
 * @param {Readonly<Record<string, unknown>>} signals
 * @returns {(readonly [string, unknown])[]}
 */
function flat(signals) {
  /** @type {(readonly [string, unknown])[]} */
  const pairs = [];
  for (const [name, value] of Object.entries(signals)) {
    if (value === null || value === undefined) continue;
    if (Array.isArray(value)) pairs.push([name, value.join(", ") || "none"]);
    else if (typeof value !== "object") pairs.push([name, value]);
    else for (const [inner, of] of flat({ ...value })) pairs.push([`${name}.${inner}`, of]);
  }
  return pairs;
}
