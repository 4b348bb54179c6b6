/** One call laid open: when its parts began and ended, its scores beside thresholds, and what would have flipped it. */
import { getJson } from "./api.js";
import { badges } from "./decisions.js";
import { facts, h, hint, section } from "./dom.js";
import { milliseconds, moment, none, score, usd, whole } from "./format.js";
import { kept } from "./loading.js";
import { lastList } from "./router.js";
import { routesPart } from "./routes.js";
import { boundsOf, headsPart, signalsPart } from "./scores.js";
import { waterfall } from "./waterfall.js";

/** @typedef {import("../page-data.ts").CallPage} CallPage */

/** @type {import("./router.js").View} */
export function showCall(root, { rest }) {
  const id = decodeURIComponent(rest);
  const back = h("a", { href: lastList() }, "← All calls");
  const body = h("div", {});
  root.append(h("p", {}, back), h("h1", {}, "Call ", h("code", {}, id)), body);
  const keeper = kept(body, {
    load: (signal) => getJson(`/call?id=${encodeURIComponent(id)}`, signal),
    show: callParts,
  });
  return { stop: keeper.stop, keys: { Escape: () => back.click() } };
}

/** @param {CallPage} page */
function callParts(page) {
  const { record, account } = page;
  const { signals, policy } = record;
  const { heads, intent, routes, isPolicyKnown } = account;
  const forgotten = `Policy ${policy} is not remembered any more, so thresholds that were kept are not shown.`;
  return [
    headline(page),
    section("Waterfall", waterfall(page)),
    routesPart(routes, "None was looked at: the call was not read, or a kept reply served it."),
    !isPolicyKnown && hint(forgotten),
    headsPart(heads, "No route needed the model for this call, or it gave nothing."),
    intent !== null && section("Intent", intentFacts(intent)),
    signals !== null && signalsPart({ ...signals.cheap, ...signals.model }),
    section("Record", facts(recordFacts(record))),
    hint(
      "What was said is not kept. To see nearest sentences and tried changes, put the text into ",
      h("a", { href: "#/explain" }, "Explain"),
      ".",
    ),
  ];
}

/** @param {CallPage} page */
function headline({ record, because }) {
  const says = [h("strong", {}, record.reason), h("span", { class: "hint" }, ` ${because}`)];
  return h(
    "div",
    { class: "headline" },
    h("p", {}, badges(record), " ", says),
    facts([
      ["Route", record.route ?? none],
      ["Observed", observedIn(record)],
      ["Model asked for", record.model ?? none],
      ["Went to", record.target ?? record.provider ?? "nobody"],
      ["Confidence", score(record.confidence)],
      ["Complexity", score(record.complexity)],
      ["Cost", usd(record.costUsd)],
      ["Saved", usd(record.savedUsd)],
    ]),
  );
}

/** @param {CallPage["record"]} record */
function observedIn({ wouldDecision, wouldReason, wouldRoute }) {
  if (wouldDecision === null) return "no: the decision was carried out";
  return `would be ${wouldReason} by ${wouldRoute ?? "no route"}`;
}

/** @param {NonNullable<import("../../layers/call-account.ts").CallAccount["intent"]>} intent */
function intentFacts({ label, confidence, margin, wrong, guard, by, bounds }) {
  return facts([
    ["Nearest intent", label],
    ["Confidence", score(confidence)],
    ["Ahead of the next by", score(margin)],
    ["Estimated share wrong", score(wrong)],
    ["Compared by", by],
    ["Pair guard", guard ? "objects to every example" : "has no objection"],
    ["Thresholds of routes", boundsOf(bounds)],
  ]);
}

/**
 * @param {CallPage["record"]} record
 * @returns {(readonly [string, import("./dom.js").Child])[]}
 */
function recordFacts(record) {
  const { ageSeconds } = record;
  return [
    ["Request id", h("code", {}, record.id)],
    ["Began", moment(record.at)],
    ["Request", `${record.method} ${record.path}`],
    ["Protocol", `${record.protocol ?? "not read"}${record.stream ? ", streamed" : ""}`],
    ["Status", `${record.status}, ${record.ending}`],
    ["Model that answered", record.replyModel ?? none],
    ["Ended because", record.finishReason ?? none],
    ["Tokens", tokensIn(record)],
    ["Our own time", milliseconds(record.overheadMs)],
    ["First byte after", milliseconds(record.firstByteMs)],
    ["Age of the kept reply", ageSeconds === null ? none : `${whole(ageSeconds)} s`],
    ["Asked by header", askedBy(record)],
    ["Classifier", record.classifier ?? "not asked"],
    ["Policy", h("code", {}, record.policy)],
  ];
}

/** @param {CallPage["record"]} record */
function tokensIn({ inputTokens, outputTokens, cacheReadTokens, isUsageEstimate }) {
  if (inputTokens === null) return none;
  const cached = cacheReadTokens ? ` (${whole(cacheReadTokens)} from the provider's cache)` : "";
  return `${whole(inputTokens)} in${cached}, ${whole(outputTokens)} out${isUsageEstimate ? " (estimated)" : ""}`;
}

/** @param {CallPage["record"]} record */
function askedBy({ controls }) {
  const asked = Object.entries(controls).filter(([, value]) => value !== null);
  return asked.map(([name, value]) => `${name}: ${value}`).join(", ") || "nothing";
}
