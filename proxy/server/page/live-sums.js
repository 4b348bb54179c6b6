/** The sums above the live calls. */
import { h } from "./dom.js";
import { milliseconds, percent, usd, whole } from "./format.js";

/** @param {import("../../telemetry/report.ts").ReportPage} page */
export function sumTiles({ totals }) {
  const { requests, failed, savedUsd, overheadMs } = totals;
  return [
    tile("Calls", whole(requests), failed > 0 ? `${whole(failed)} failed` : "none failed"),
    withoutCloud(totals),
    tile("Saved", usd(savedUsd), "estimated at list prices"),
    tile(
      "Our own time",
      milliseconds(overheadMs.p50),
      `95 % within ${milliseconds(overheadMs.p95)}`,
    ),
  ];
}

/** While nothing is answered, what would be. @param {import("../../telemetry/report.ts").ReportPage["totals"]} totals */
function withoutCloud({ requests, local, cache, stale, would }) {
  const answered = local + cache + stale;
  if (answered === 0 && would > 0) {
    return tile("Would be answered", percent(would, requests), `${whole(would)} observed only`);
  }
  const more = would > 0 ? `, ${whole(would)} more observed` : "";
  return tile(
    "Without the cloud",
    percent(answered, requests),
    `${whole(answered)} answered${more}`,
  );
}

/**
 * @param {string} name
 * @param {string} value
 * @param {string} more
 */
function tile(name, value, more) {
  return h(
    "div",
    { class: "tile" },
    h("p", {}, name),
    h("p", { class: "value" }, value),
    h("p", { class: "hint" }, more),
  );
}
