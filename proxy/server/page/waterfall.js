/** When the parts of a call began and ended, as bars below each other and as numbers beside them. */
import { figure, figureHead, h, placed, row, table } from "./dom.js";
import { milliseconds } from "./format.js";

/** @typedef {import("../page-data.ts").CallPage} CallPage */

/**
 * A part of a call, in milliseconds after the request's head.
 * @typedef {object} Part
 * @property {string} name
 * @property {number} from
 * @property {number} to
 * @property {string} look
 */

/** Waiting for a body that is shorter than this is not worth a row. */
const leastBodyMs = 0.05;

/** @param {CallPage} page */
export function waterfall(page) {
  const whole = Math.max(page.record.totalMs, 0.001);
  const rows = partsOf(page).map(({ name, from, to, look }) => {
    const shares = { left: from / whole, width: Math.max(0.002, (to - from) / whole) };
    const bar = placed(h("span", { class: `bar ${look}` }), shares);
    const lane = h("span", { class: "lane", "aria-hidden": "true" }, bar);
    const track = h("td", { class: "track" }, lane);
    return row(name, figure(milliseconds(from)), figure(milliseconds(to - from)), track);
  });
  const heads = ["Part", figureHead("Begins"), figureHead("Takes"), ""];
  const shown = table("When the parts of the call began and ended", heads, rows);
  shown.classList.add("waterfall");
  return shown;
}

/**
 * @param {CallPage} page
 * @returns {Part[]}
 */
function partsOf({ record, waitedMs, timeline: { decide, attempts } }) {
  const { totalMs, firstByteMs, overheadMs, decision, stream } = record;
  /** @type {Part[]} */
  const parts = [{ name: "Call", from: 0, to: totalMs, look: "whole" }];
  const bodyMs = firstByteMs - overheadMs - waitedMs;
  if (bodyMs > leastBodyMs) {
    parts.push({ name: "Caller’s body arrives", from: 0, to: bodyMs, look: "forwarded" });
  }
  if (decide !== null) {
    const to = decide.atMs + decide.tookMs;
    parts.push({ name: "Decide", from: decide.atMs, to, look: "accent" });
  }
  for (const [at, { provider, model, atMs }] of attempts.entries()) {
    const number = attempts.length > 1 ? `Attempt ${at + 1}: ` : "";
    const name = `${number}${[provider, model].filter(Boolean).join(" ")}, until its first byte`;
    parts.push({ name, from: atMs, to: attempts[at + 1]?.atMs ?? firstByteMs, look: "forwarded" });
  }
  const reply = stream ? "Reply streams" : "Reply is sent";
  return [...parts, { name: reply, from: firstByteMs, to: totalMs, look: decision }];
}
