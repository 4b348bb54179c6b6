/** Savings and traffic over time, by route and by reason. */
import { getJson } from "./api.js";
import { barChart } from "./chart.js";
import { kinds } from "./decisions.js";
import { facts, figure, figureHead, h, row, section, swap, table } from "./dom.js";
import {
  date,
  milliseconds,
  minute,
  moment,
  none,
  percent,
  several,
  usd,
  whole,
} from "./format.js";
import { empty, kept } from "./loading.js";

/** @typedef {import("../../telemetry/report.ts").ReportPage} ReportPage */
/** @typedef {import("../../telemetry/time-series.ts").TrafficBucket} TrafficBucket */

/** Spans with how many of their buckets make one bar. */
const spans = {
  "1h": { name: "last hour", group: 6 },
  "24h": { name: "last day", group: 6 },
  "14d": { name: "last 14 days", group: 6 },
};

/** The span that was looked at last. */
let chosen = /** @type {keyof typeof spans} */ ("1h");

/** @type {import("./router.js").View} */
export function showSavings(root) {
  const body = h("div", {});
  /** @type {ReturnType<typeof kept> | null} */
  let keeper = null;
  const look = () => {
    keeper?.stop();
    swap(body);
    keeper = kept(body, {
      load: (signal) => getJson(`/report?span=${chosen}`, signal),
      show: parts,
      everyMs: 5000,
    });
  };
  root.append(h("h1", {}, "Savings"), spanChoice(look), body);
  look();
  return { stop: () => keeper?.stop() };
}

/** @param {() => void} look */
function spanChoice(look) {
  const buttons = Object.entries(spans).map(([span, { name }]) =>
    h(
      "label",
      {},
      h("input", {
        type: "radio",
        name: "span",
        value: span,
        checked: span === chosen,
        change: () => choose(span, look),
      }),
      name,
    ),
  );
  return h(
    "fieldset",
    { class: "choice" },
    h("legend", { class: "heard" }, "Span of time"),
    buttons,
  );
}

/** @param {string} span @param {() => void} look */
function choose(span, look) {
  if (span === "1h" || span === "24h" || span === "14d") chosen = span;
  look();
}

/** @param {ReportPage} page */
function parts(page) {
  const { totals, startedAtMs } = page;
  const since = `Since ${moment(startedAtMs)}`;
  const note = h(
    "p",
    { class: "hint" },
    "Counted in memory: a restart begins anew. Money is estimated at list prices.",
  );
  if (totals.requests === 0) return [nothingYet(), note];
  return [
    charts(page),
    section(since, facts(sums(page)), note),
    section("By route, since the start", routeTable(page)),
    section("By reason, since the start", reasonTable(page)),
  ];
}

function nothingYet() {
  const words =
    "Once calls come through the sidecar, this shows what they cost and what was saved.";
  return empty("No call has ended yet.", h("p", {}, words));
}

/** @param {ReportPage} page */
function charts(page) {
  return [
    barChart({
      id: "traffic",
      title: "Calls",
      parts: kinds.map((name) => ({ name, look: name })),
      bars: barsOf(page, (bucket) => kinds.map((kind) => bucket[kind])),
      written: whole,
    }),
    barChart({
      id: "money",
      title: "Money",
      parts: [
        { name: "saved", look: "local" },
        { name: "spent", look: "forwarded" },
      ],
      bars: barsOf(page, ({ costUsd, savedUsd }) => [savedUsd, costUsd]),
      written: usd,
    }),
  ];
}

/**
 * @param {ReportPage} page
 * @returns {(readonly [string, string])[]}
 */
function sums({ totals }) {
  const { requests, local, cache, stale, would, failed, unpriced, overheadMs } = totals;
  const answered = percent(local + cache + stale, requests);
  const { p50, p99 } = overheadMs;
  return [
    ["Saved", `${usd(totals.savedUsd)}, of this by the cache ${usd(totals.savedByCacheUsd)}`],
    ["Spent", usd(totals.costUsd)],
    ["Without a price", unpriced === 0 ? "none" : `${several(unpriced, "call")}, counting nothing`],
    ["Calls", `${whole(requests)}, ${whole(failed)} failed`],
    [
      "Without the cloud",
      `${answered} (${whole(local)} in the pod, ${whole(cache + stale)} kept replies)`,
    ],
    ["Only observed", would === 0 ? "none" : `${whole(would)} would have been answered`],
    ["Tokens", `${whole(totals.inputTokens)} in, ${whole(totals.outputTokens)} out`],
    ["Our own time", `half within ${milliseconds(p50)}, 99 % within ${milliseconds(p99)}`],
  ];
}

/**
 * One bar for so many buckets, those without a call too.
 * @param {ReportPage} page
 * @param {(bucket: TrafficBucket) => readonly number[]} valuesOf
 */
function barsOf({ span, nowMs, stepMs, steps, buckets }, valuesOf) {
  const { group } = spans[span];
  const lengthMs = stepMs * group;
  const count = steps / group;
  const last = Math.floor(nowMs / lengthMs);
  const written = span === "14d" ? date : minute;
  return Array.from({ length: count }, (_, at) => {
    const turn = last - (count - 1 - at);
    const own = buckets.filter(({ atMs }) => Math.floor(atMs / lengthMs) === turn).map(valuesOf);
    const values = Array.from(own[0] ?? [], (_value, part) =>
      own.reduce((sum, one) => sum + (one[part] ?? 0), 0),
    );
    return { name: written(turn * lengthMs), values };
  });
}

/** @param {ReportPage} page */
function routeTable({ routes }) {
  const heads = ["Calls", "Answered", "Would be answered", "Saved", "Spent"].map(figureHead);
  const rows = routes
    .toSorted((one, other) => other.savedUsd - one.savedUsd || callsOf(other) - callsOf(one))
    .map((route) =>
      row(
        route.route === "none" ? "no route" : linkTo("route", route.route),
        figure(whole(callsOf(route))),
        figure(whole(route.local + route.cache + route.stale)),
        figure(route.would === 0 ? none : whole(route.would)),
        figure(usd(route.savedUsd)),
        figure(usd(route.costUsd)),
      ),
    );
  return table("By route", ["Route", ...heads], rows);
}

/** @param {ReportPage["routes"][number]} route */
function callsOf(route) {
  return kinds.reduce((sum, kind) => sum + route[kind], 0);
}

/** @param {ReportPage} page */
function reasonTable({ reasons, totals }) {
  const rows = Object.entries(reasons)
    .toSorted(([, one], [, other]) => other - one)
    .map(([reason, count]) =>
      row(linkTo("reason", reason), figure(whole(count)), figure(percent(count, totals.requests))),
    );
  return table("By reason", ["Reason", figureHead("Calls"), figureHead("Share")], rows);
}

/**
 * To the live calls of that kind.
 * @param {string} filter
 * @param {string} value
 */
function linkTo(filter, value) {
  return h("a", { href: `#/live?${new URLSearchParams({ [filter]: value })}` }, value);
}
