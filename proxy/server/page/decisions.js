/** How a decision, an outcome or a state looks everywhere: a sign, a word and a colour, never a colour alone. */
import { h } from "./dom.js";

/** @typedef {import("../page-data.ts").Decision} Decision */

/** @type {Readonly<Record<Decision, { readonly sign: string, readonly says: string }>>} */
export const decisions = {
  local: { sign: "●", says: "answered in the pod" },
  cache: { sign: "◆", says: "a kept reply, still fresh" },
  stale: { sign: "◇", says: "a kept reply while the provider is down" },
  forwarded: { sign: "→", says: "sent to the cloud" },
  refused: { sign: "✕", says: "refused by the policy" },
};

/** @type {readonly Decision[]} */
export const kinds = ["local", "cache", "stale", "forwarded", "refused"];

/** @param {Decision} decision */
export function badge(decision) {
  const { sign, says } = decisions[decision];
  return h("span", { class: `badge ${decision}`, title: says }, sign, " ", decision);
}

/** What was decided, and for an observed call what would have been. @param {Pick<import("../page-data.ts").CallRow, "decision" | "wouldDecision">} call */
export function badges({ decision, wouldDecision }) {
  const isTold = wouldDecision !== null && wouldDecision !== "forwarded";
  if (!isTold) return [badge(decision)];
  return [
    badge(decision),
    " ",
    h("span", { class: `badge would ${wouldDecision}` }, `would: ${wouldDecision}`),
  ];
}

/** @type {Readonly<Record<string, { readonly sign: string, readonly look: string, readonly says: string }>>} */
const states = {
  closed: { sign: "●", look: "local", says: "closed: calls pass" },
  open: {
    sign: "✕",
    look: "refused",
    says: "open: calls with something to fall back on stay back",
  },
  half_open: { sign: "◇", look: "stale", says: "half open: one call tries" },
  matched: { sign: "●", look: "local", says: "matched" },
  passed: { sign: "→", look: "forwarded", says: "passed over" },
  declined: { sign: "◇", look: "stale", says: "declined to answer" },
  ready: { sign: "●", look: "local", says: "ready" },
  loading: { sign: "◇", look: "stale", says: "loading" },
  failed: { sign: "✕", look: "refused", says: "failed" },
  refused: { sign: "✕", look: "refused", says: "refused" },
  loaded: { sign: "●", look: "local", says: "loaded" },
};

/** @param {string} state */
export function stateBadge(state) {
  const { sign, look, says } = states[state] ?? { sign: "○", look: "forwarded", says: state };
  return h("span", { class: `badge ${look}`, title: says }, sign, " ", state.replace("_", " "));
}
