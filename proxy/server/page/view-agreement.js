/** How far each route's answers agree with the cloud's, with the interval of the share wrong; and what goes on again. */
import { getJson, postJson } from "./api.js";
import { asks, faultPart } from "./ask.js";
import { facts, h, hint, sample, swap } from "./dom.js";
import { moment, none, share, whole } from "./format.js";
import { empty, kept } from "./loading.js";
import { intervalMeter } from "./scores.js";

/** @typedef {import("../page-data.ts").AgreementPage} AgreementPage */
/** @typedef {AgreementPage["routes"][number]} Standing */

/** @type {import("./router.js").View} */
export function showAgreement(root) {
  const body = h("div", {});
  const said = h("div", {});
  root.append(h("h1", {}, "Agreement with the cloud"), said, body);
  const keeper = kept(body, {
    load: (signal) => getJson("/agreement", signal),
    show: (/** @type {AgreementPage} */ page) => parts(page, (route) => void resume(route)),
    everyMs: 3000,
  });
  const resume = async (/** @type {string} */ route) => {
    if (!(await asks(questionFor(route)))) return;
    const fault = await postJson("/agreement", { resume: route }).then(() => null, faultPart);
    swap(said, fault);
    keeper.again();
    document.dispatchEvent(new Event("sidestep-state"));
  };
  return keeper;
}

/** @param {string} route */
function questionFor(route) {
  return {
    title: `Let ${route} answer again?`,
    text: "What was counted of its answers is forgotten, and it is suspended again only once enough of the new ones are wrong.",
    yes: "Answer again",
  };
}

/** @param {AgreementPage} page @param {(route: string) => void} resume */
function parts({ routes }, resume) {
  if (routes.length === 0) {
    return empty("No route of the policy answers.", h("p", {}, "So there is nothing to compare."));
  }
  if (routes.every((route) => route.sample === 0 && countOf(route) === 0)) return notMeasured();
  return [
    hint(
      "A share of the calls that the pod could have answered is left to the cloud, and the two answers are compared; what the model only estimates decides nothing. Counts begin with the process.",
    ),
    h(
      "div",
      { class: "cards" },
      routes.map((route) => card(route, resume)),
    ),
  ];
}

function notMeasured() {
  return empty(
    "Not measured: every answer is given, and none is compared.",
    h("p", {}, "To leave a share of the answers to the cloud and compare, write into the policy:"),
    sample("verify: 5%"),
    h("p", {}, "An application’s own verdicts, by POST /feedback, are counted without it, too."),
  );
}

/** @param {Standing} standing */
function countOf({ checked, estimated }) {
  return [checked, estimated].reduce(
    (sum, { agree, disagree, unclear }) => sum + agree + disagree + unclear,
    0,
  );
}

/** @param {Standing} standing @param {(route: string) => void} resume */
function card(standing, resume) {
  const { route, suspendedAt, checked, estimated, sample: compared, maxWrong } = standing;
  const again =
    suspendedAt !== null &&
    h(
      "button",
      { type: "button", id: `resume-${route}`, click: () => resume(route) },
      "Let it answer again",
    );
  return h(
    "article",
    { class: "card" },
    h("h2", {}, route),
    h("p", {}, stateOf(standing), " ", again),
    facts([
      ["Share wrong", wrongPart(standing)],
      ["Suspended above", share(maxWrong)],
      ["Compared", countsIn(checked)],
      ["Estimated by the model", h("span", { class: "hint" }, countsIn(estimated))],
      ["Left to the cloud", compared === 0 ? "none" : `${share(compared)} of its answers`],
    ]),
  );
}

/** @param {Standing} standing */
function stateOf({ suspendedAt, wrong }) {
  if (suspendedAt !== null) {
    return h(
      "span",
      { class: "badge refused" },
      `■ suspended since ${moment(suspendedAt)}: only observes`,
    );
  }
  if (wrong === null) return h("span", { class: "badge idle" }, "○ nothing compared yet");
  return h("span", { class: "badge local" }, "● answers");
}

/** @param {Standing} standing */
function wrongPart({ wrong, maxWrong }) {
  if (wrong === null) return none;
  const { value, low, high } = wrong;
  const around = h("span", { class: "hint" }, ` 95 % interval ${share(low)} to ${share(high)}`);
  return [h("strong", {}, share(value)), around, intervalMeter(wrong, maxWrong)];
}

/** @param {Standing["checked"]} counts */
function countsIn({ agree, disagree, unclear }) {
  if (agree + disagree + unclear === 0) return "nothing yet";
  const more = unclear > 0 ? `, ${whole(unclear)} unclear` : "";
  return `${whole(agree)} agree, ${whole(disagree)} disagree${more}`;
}
