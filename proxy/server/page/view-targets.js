/** Providers and targets with their breakers, limits and prices, and how calls to them went. */
import { getJson } from "./api.js";
import { stateBadge } from "./decisions.js";
import { facts, h } from "./dom.js";
import { duration, milliseconds, none, percent, several, usd, whole } from "./format.js";
import { empty, kept } from "./loading.js";

/** @typedef {import("../places.ts").Place} Place */
/** @typedef {import("../../core/ports.ts").BreakerState} Breaker */
/** @typedef {import("../../telemetry/report.ts").ReportPage["upstreams"][number]} Calls */
/** @typedef {{ readonly targets: import("../page-data.ts").TargetsPage, readonly upstreams: import("../../telemetry/report.ts").ReportPage["upstreams"] }} Known */

/** @type {import("./router.js").View} */
export function showTargets(root) {
  const body = h("div", {});
  root.append(h("h1", {}, "Targets and breakers"), body);
  return kept(body, {
    load: async (signal) => {
      const [targets, report] = await Promise.all([
        getJson("/targets", signal),
        getJson("/report", signal),
      ]);
      return { targets, upstreams: report.upstreams };
    },
    show: (/** @type {Known} */ known) => parts(known),
    everyMs: 2000,
  });
}

/** @param {Known} known */
function parts({ targets: { targets, places }, upstreams }) {
  if (places.length === 0) {
    return empty(
      "The policy names no provider.",
      h("p", {}, "Add one under ", h("code", {}, "providers:"), ", or calls have nowhere to go."),
    );
  }
  const open = targets.filter(({ state }) => state !== "closed");
  return [
    h(
      "p",
      { class: open.length > 0 ? "trouble" : "hint", role: "status" },
      open.length > 0
        ? `${several(open.length, "breaker")} not closed: ${open.map(({ name }) => name).join(", ")}.`
        : "No breaker is open.",
    ),
    h(
      "div",
      { class: "cards" },
      places.map((place) =>
        card(
          place,
          targets.find(({ name }) => name === place.name),
          upstreams.find(({ name }) => name === place.name),
        ),
      ),
    ),
  ];
}

/**
 * @param {Place} place
 * @param {Breaker | undefined} breaker
 * @param {Calls | undefined} calls
 */
function card(place, breaker, calls) {
  const { connectMs, firstByteMs, idleMs } = place.timeouts;
  const state = breaker === undefined ? notCalled() : stateBadge(breaker.state);
  return h(
    "article",
    { class: "card" },
    h("h2", {}, place.name, " ", h("span", { class: "hint" }, place.kind)),
    h("p", {}, "Breaker ", state),
    facts([
      ["Address", h("code", {}, place.url)],
      ["Model", modelOf(place)],
      ...trafficOf(breaker, calls),
      ["Opens at", ruleOf(place)],
      [
        "Limits",
        `connect ${duration(connectMs)}, first byte ${duration(firstByteMs)}, idle ${duration(idleMs)}`,
      ],
      ["Further attempts", place.retries === 0 ? "none" : several(place.retries, "attempt")],
      ["Credential", place.hasKey ? "the policy’s own" : "the caller’s"],
      ["Price", priceOf(place)],
    ]),
  );
}

function notCalled() {
  return h("span", { class: "badge idle" }, "○ not called lately");
}

/** @param {Place} place */
function modelOf({ kind, model, provider }) {
  if (kind === "provider") return "as the caller asks";
  return `${model ?? "as the caller asks"}, at ${provider}`;
}

/**
 * @param {Breaker | undefined} breaker
 * @param {Calls | undefined} calls
 * @returns {(readonly [string, string])[]}
 */
function trafficOf(breaker, calls) {
  const window =
    breaker === undefined ? none : `${whole(breaker.failures)} of ${whole(breaker.requests)}`;
  if (calls === undefined)
    return [
      ["Failed lately", window],
      ["Calls", "none since the start"],
    ];
  const { requests, failed, costUsd, firstByteMs } = calls;
  const { p50, p95 } = firstByteMs;
  return [
    ["Failed lately", window],
    ["Calls", `${whole(requests)} since the start, ${percent(failed, requests)} failed`],
    ["First byte", `half within ${milliseconds(p50)}, 95 % within ${milliseconds(p95)}`],
    ["Spent", usd(costUsd)],
  ];
}

/** @param {Place} place */
function ruleOf({ breaker: { errorThreshold, windowMs, minRequests, cooldownMs } }) {
  return `${percent(errorThreshold, 1)} failed of ${several(minRequests, "call")} or more within ${duration(windowMs)}; tries again after ${duration(cooldownMs)}`;
}

/** @param {Place} place */
function priceOf({ price }) {
  if (price === null) return "by the model’s name";
  return `$${price.input} in, $${price.output} out a million tokens, as of ${price.asOf}`;
}
