/** What each route made of a call, and what would have flipped it; the views of one call and of explain share it. */
import { stateBadge } from "./decisions.js";
import { h, hint, section } from "./dom.js";
import { score } from "./format.js";
import { meter, verdict } from "./scores.js";

/** @typedef {import("../../layers/call-account.ts").MeasuredBound} MeasuredBound */
/** @typedef {import("../../layers/route-account.ts").FailedAccount} FailedAccount */

/**
 * One route of either account.
 * @typedef {object} Route
 * @property {string} route
 * @property {string} outcome
 * @property {string | null} because
 * @property {string | null} reason
 * @property {readonly MeasuredBound[]} [bounds]
 * @property {readonly FailedAccount[]} failed
 * @property {{ readonly because: string } | null} change
 */

/**
 * The routes in the order in which they were looked at.
 * @param {readonly Route[]} routes
 * @param {string} without What to say where there are none.
 */
export function routesPart(routes, without) {
  const title = "Routes, and what would have flipped the decision";
  if (routes.length === 0) return section(title, hint(without));
  const isFixed = routes.every(({ change }) => change === null);
  return section(
    title,
    isFixed && hint("No threshold alone would have: something else was in the way."),
    h("ol", { class: "routes" }, routes.map(routeItem)),
  );
}

/** @param {Route} route */
function routeItem(route) {
  const { failed, change, bounds = [] } = route;
  const told = reasonsOf(route).map((reason) => h("li", {}, reason));
  // A number that missed its bound is told beside its bar.
  const measured = bounds.filter(
    ({ key, isMet }) => isMet || failed.some((one) => one.key === key),
  );
  return h(
    "li",
    { class: route.outcome },
    h("p", {}, stateBadge(route.outcome), " ", h("strong", {}, route.route)),
    told.length > 0 && h("ul", {}, told),
    measured.length > 0 && h("ul", { class: "plain bounds" }, measured.map(boundItem)),
    change !== null &&
      h("p", { class: "flip" }, h("span", { class: "sign" }, "⇄ "), change.because),
  );
}

/** @param {Route} route */
function reasonsOf({ failed, bounds = [], because, reason }) {
  if (failed.length === 0) return [because ?? reason].filter((text) => text !== null);
  const shown = new Set(bounds.filter(({ isMet }) => !isMet).map(({ key }) => key));
  return failed.filter(({ key }) => !shown.has(key)).map((one) => one.because);
}

/** @param {MeasuredBound} bound */
function boundItem({ key, value, limit, bound, isMet }) {
  const greatest = Math.max(value, limit);
  const scale = greatest > 1 ? greatest * 1.2 : 1;
  return h(
    "li",
    {},
    meter(value / scale, limit / scale),
    h("span", {}, `${key} ${score(value)}, wanted ${bound} `),
    verdict(isMet),
  );
}
