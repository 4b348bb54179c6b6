/** The sums above the live calls. */
import { h } from "./dom.js";
import { milliseconds, percent, usd, whole } from "./format.js";

/** @param {import("../../telemetry/report.ts").ReportPage} page */
export function sumTiles({ totals }) {
  const { requests, local, cache, stale, would, failed, savedUsd, overheadMs } = totals;
  const answered = local + cache + stale;
  return [
    tile("Calls", whole(requests), failed > 0 ? `${whole(failed)} failed` : "none failed"),
    would > 0
      ? tile(
          "Would be answered",
          percent(would, requests),
          `${whole(would)} observed, not answered`,
        )
      : tile("Without the cloud", percent(answered, requests), `${whole(answered)} answered`),
    tile("Saved", usd(savedUsd), "estimated at list prices"),
    tile(
      "Our own time",
      milliseconds(overheadMs.p50),
      `95 % within ${milliseconds(overheadMs.p95)}`,
    ),
  ];
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
