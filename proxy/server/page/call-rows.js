/** The list of calls: newest first, so many and no more, with a word for each call that a reader can use. */
import { badges } from "./decisions.js";
import { h } from "./dom.js";
import { milliseconds, none, score, time, usd } from "./format.js";

/** @typedef {import("../page-data.ts").CallRow} CallRow */

/** Most rows that are shown. */
export const mostRows = 200;

const columns = [
  "Time",
  "Decision",
  "Reason",
  "Route",
  "Model",
  "Confidence",
  "Own time",
  "Whole time",
  "Cost or saved",
];
const numbers = new Set(["Confidence", "Own time", "Whole time", "Cost or saved"]);

export class CallRows {
  constructor() {
    this.body = h("tbody", {});
    const heads = columns.map((name) =>
      h("th", { scope: "col", class: numbers.has(name) ? "number" : null }, name),
    );
    this.table = h(
      "table",
      { class: "calls" },
      h("caption", { class: "heard" }, "Calls, newest first"),
      h("thead", {}, h("tr", {}, heads)),
      this.body,
    );
  }

  get count() {
    return this.body.childElementCount;
  }

  clear() {
    this.body.replaceChildren();
  }

  /** @param {readonly CallRow[]} calls Newest first. */
  add(calls) {
    this.body.prepend(...calls.slice(0, mostRows).map(rowOf));
    while (this.body.childElementCount > mostRows) this.body.lastElementChild?.remove();
  }

  /** @param {string} id Of a call. */
  focusOn(id) {
    const link = [...this.body.querySelectorAll("a")].find((one) => one.title === id);
    link?.focus();
  }

  /** Moves the focus from row to row. @param {number} by */
  move(by) {
    const links = [...this.body.querySelectorAll("a")];
    const at = links.findIndex((link) => link === document.activeElement);
    const next = links[at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + by))];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }
}

/** @param {CallRow} call */
function rowOf(call) {
  const link = h(
    "a",
    { href: `#/call/${encodeURIComponent(call.id)}`, title: call.id },
    time(call.at),
  );
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, link),
    h("td", {}, badges(call)),
    h("td", { class: "reason" }, call.wouldReason ?? call.reason, observedBy(call)),
    h("td", { class: "unbroken" }, call.wouldRoute ?? call.route ?? none),
    h("td", {}, h("span", { class: "unbroken" }, call.model ?? none), sentTo(call)),
    number("confidence", score(call.confidence)),
    number("own", milliseconds(call.overheadMs)),
    number("whole", milliseconds(call.totalMs)),
    moneyCell(call),
  );
}

/** Why what would have been done was not. @param {CallRow} call */
function observedBy({ wouldReason, reason }) {
  return wouldReason !== null && h("span", { class: "hint" }, ` (${reason})`);
}

/** A provider follows from the model; a target is the policy’s own choice. @param {CallRow} call */
function sentTo({ target }) {
  return target !== null && h("span", { class: "hint" }, ` at ${target}`);
}

/** Names are shown beside numbers where there is no room for a head above them. @param {string} name @param {string} text */
function number(name, text) {
  return h("td", { class: "number", "data-name": name }, text);
}

/** @param {CallRow} call */
function moneyCell({ savedUsd, costUsd }) {
  if (savedUsd !== null) return h("td", { class: "number saved" }, `${usd(savedUsd)} saved`);
  return h("td", { class: "number" }, costUsd === null ? none : usd(costUsd));
}
