/** What the cache holds, how often it had what was asked for, and whose replies the policy lets it keep. */
import { getJson } from "./api.js";
import { facts, figure, figureHead, h, row, sample, section, table } from "./dom.js";
import { bytes, duration, percent, usd, whole } from "./format.js";
import { empty, kept } from "./loading.js";
import { meter } from "./scores.js";

/** @typedef {import("../page-data.ts").CachePage} CachePage */
/** @typedef {import("../../telemetry/report.ts").ReportPage["totals"]} Totals */

/** @type {import("./router.js").View} */
export function showCache(root) {
  const body = h("div", {});
  root.append(h("h1", {}, "Cache"), body);
  return kept(body, {
    load: async (signal) => {
      const [cache, report] = await Promise.all([
        getJson("/cache", signal),
        getJson("/report", signal),
      ]);
      return { cache, totals: report.totals };
    },
    show: (/** @type {{ cache: CachePage, totals: Totals }} */ known) => parts(known),
    everyMs: 3000,
  });
}

/** @param {{ cache: CachePage, totals: Totals }} known */
function parts({ cache, totals }) {
  return [
    isOff(cache) && nothingKept(),
    facts(sums(cache, totals)),
    section("Rules", ruleTable(cache)),
  ];
}

/** @param {CachePage} cache */
function isOff({ rule, routes, outage }) {
  return [rule, ...routes].every(({ mode }) => mode === "off") && outage.staleMs === 0;
}

/**
 * @param {CachePage} cache
 * @param {Totals} totals
 * @returns {(readonly [string, import("./dom.js").Child])[]}
 */
function sums(cache, totals) {
  const { lookups, writes, outage } = cache;
  const { found = 0, absent = 0, fault = 0 } = lookups;
  const stale = outage.staleMs === 0 ? null : duration(outage.staleMs);
  return [
    ["Replies kept", filled(cache.entries, cache.maxEntries, whole)],
    ["Memory", filled(cache.bytes, cache.maxBytes, bytes)],
    ["Looked up", `${whole(found + absent)}, there ${percent(found, found + absent)}`],
    ["Stored", whole(writes["done"] ?? 0)],
    ["Faults", whole(fault + (writes["fault"] ?? 0))],
    ["Calls served", `${whole(totals.cache)} fresh, ${whole(totals.stale)} in an outage`],
    ["Saved", `${usd(totals.savedByCacheUsd)}, estimated`],
    ["In an outage", stale === null ? "nothing kept is served" : `replies up to ${stale} old`],
  ];
}

/**
 * @param {number} used
 * @param {number} most
 * @param {(value: number) => string} written
 */
function filled(used, most, written) {
  const words = h("span", {}, `${written(used)} of ${written(most)} `);
  return [words, meter(used / Math.max(1, most))];
}

function nothingKept() {
  return empty(
    "The policy keeps no replies.",
    h("p", {}, "To serve identical calls again, write into the policy, or into one of its routes:"),
    sample("cache: { mode: exact, scope: user, identity: body.user, ttl: 1h }"),
  );
}

/** @param {CachePage} cache */
function ruleTable({ rule, routes }) {
  const rows = [{ ...rule, route: "every other route" }, ...routes].map(ruleRow);
  const heads = ["Route", "Mode", "Kept for", figureHead("Fresh for"), "Calls with tools"];
  return table("Rules", heads, rows);
}

/** @param {CachePage["routes"][number]} rule */
function ruleRow({ route, mode, scope, identity, ttlMs, tools }) {
  if (mode === "off") return row(route, mode, "", "", "");
  const who = scope === "global" ? "everybody" : `one user, by ${nameOf(identity)}`;
  return row(route, mode, who, figure(duration(ttlMs)), tools ? "yes" : "no");
}

/** @param {CachePage["rule"]["identity"]} identity */
function nameOf(identity) {
  if (identity.kind === "header") return `header ${identity.name}`;
  return identity.kind === "protocol" ? "the protocol’s own field" : identity.kind;
}
