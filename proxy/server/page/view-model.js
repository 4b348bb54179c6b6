/** The model in force: state, figures, heads, limits and its whole card, as its artefact tells them. */
import { getJson } from "./api.js";
import { stateBadge } from "./decisions.js";
import { facts, figure, figureHead, h, hint, row, sample, section, table } from "./dom.js";
import { bytes, milliseconds, none } from "./format.js";
import { empty, kept } from "./loading.js";
import { markdown, partsOf } from "./markdown.js";

/** @typedef {import("../page-data.ts").ModelPage} ModelPage */
/** @typedef {import("../../inference/model-card.ts").ModelCard} ModelCard */

/** @type {import("./router.js").View} */
export function showModel(root) {
  const body = h("div", {});
  root.append(h("h1", {}, "Model"), body);
  return kept(body, { load: (signal) => getJson("/model", signal), show: parts, everyMs: 5000 });
}

/** @param {ModelPage} page */
function parts({ model, state, generators, card }) {
  const writers = Object.entries(generators).map(
    ([name, { status }]) => /** @type {const} */ ([name, stateBadge(status)]),
  );
  return [
    model === null ? noModel() : facts(stateFacts(model, state, card)),
    writers.length > 0 && section("Text generation", facts(writers)),
    model !== null && card === null && hint("Its folder cannot be read: there are no figures."),
    card !== null && cardParts(card, state),
  ].flat();
}

function noModel() {
  return empty(
    "The policy runs without a model.",
    h("p", {}, "Routes that ask for a task, an intent or a FAQ stay silent."),
    h("p", {}, "To use the bundled model, write into the policy:"),
    sample("model: support-v1"),
  );
}

/** @typedef {readonly [string, import("./dom.js").Child]} Fact */

/**
 * @param {string} model
 * @param {ModelPage["state"]} state
 * @param {ModelCard | null} card
 * @returns {Fact[]}
 */
function stateFacts(model, state, card) {
  const named = /** @type {Fact} */ (["In the policy", h("code", {}, model)]);
  return [named, ...runFacts(state), ...artefactFacts(card)];
}

/** @param {ModelPage["state"]} state @returns {Fact[]} */
function runFacts(state) {
  if (state === null) return [];
  const { status, model, restarts, error } = state;
  return [
    ["State", stateBadge(status)],
    ["Runs", model?.name ?? none],
    ["Restarts", restarts],
    ["Last fault", error === null ? "none" : h("span", { class: "missed" }, error)],
  ];
}

/** @param {ModelCard | null} card @returns {Fact[]} */
function artefactFacts(card) {
  if (card === null) return [];
  return [
    ["Languages", card.languages.join(", ") || none],
    ["Reads", card.maxTokens === null ? none : `${card.maxTokens} tokens at most`],
    ["Licence", card.license ?? none],
    ["Created", card.created ?? none],
  ];
}

/** @param {ModelCard} card @param {ModelPage["state"]} state */
function cardParts(card, state) {
  const chapters = card.card === null ? [] : partsOf(card.card);
  const limits = chapters.find(({ title }) => title === "Limits");
  return [
    card.accuracy.length > 0 && section("Figures", accuracyTable(card, state), measuredNote(card)),
    limits !== undefined && section("Limits", ...markdown(limits.body)),
    card.variants.length > 0 && section("Files", variantTable(card)),
    card.heads.length > 0 && section("Heads", headTable(card)),
    card.card === null ? hint("This model has no card.") : wholeCard(chapters),
  ];
}

/** @param {ModelCard} card @param {ModelPage["state"]} state */
function accuracyTable({ accuracy }, state) {
  const runs = state?.model?.name.includes("reduce_range") ? "reduce_range" : "default";
  const rows = accuracy
    .filter(({ variant }) => variant === runs)
    .map(({ head, figure: kind, value, low, high }) => {
      const around =
        low === null || high === null ? none : `${low.toFixed(3)} to ${high.toFixed(3)}`;
      return row(head, kind, figure(value.toFixed(3)), figure(around));
    });
  const heads = ["Head", "Figure", figureHead("Value"), figureHead("95 % interval")];
  return table("Figures by head", heads, rows);
}

/** @param {ModelCard} card */
function measuredNote({ measuredOn }) {
  const where = measuredOn === null ? "" : `; times were measured on ${measuredOn}`;
  return hint(`Of the variant that runs here, as its manifest states${where}.`);
}

/** @param {ModelCard} card */
function variantTable({ variants }) {
  const rows = variants.map(({ name, file, quantisation, bytes: size, p50Ms, p95Ms }) =>
    row(
      name,
      h("code", {}, file),
      quantisation,
      figure(bytes(size)),
      figure(milliseconds(p50Ms)),
      figure(milliseconds(p95Ms)),
    ),
  );
  const heads = ["Size", "Half within", "95 % within"].map(figureHead);
  return table("Files", ["Variant", "File", "Weights", ...heads], rows);
}

/** @param {ModelCard} card */
function headTable({ heads }) {
  const rows = heads.map(({ name, kind, labels }) => row(name, kind, labels.join(", ") || none));
  return table("Heads", ["Head", "Kind", "Labels"], rows);
}

/** @param {readonly { readonly title: string, readonly body: string }[]} chapters */
function wholeCard(chapters) {
  const folds = chapters
    .filter(({ title, body }) => title !== "Limits" && body.trim() !== "")
    .map(({ title, body }, at) => {
      const summary = h("summary", {}, title || "Summary");
      return h("details", { id: `card-${at}` }, summary, ...markdown(body));
    });
  return section("Card, as the artefact brings it", ...folds);
}
