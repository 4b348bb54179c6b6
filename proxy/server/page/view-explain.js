/** A text, and the decision as it would be: nothing is sent to anybody. */
import { postJson } from "./api.js";
import { faultPart } from "./ask.js";
import { badge } from "./decisions.js";
import { facts, h, section, swap } from "./dom.js";
import { none, score } from "./format.js";
import { empty } from "./loading.js";
import { routesPart } from "./routes.js";
import { boundsOf, distance, headsPart, signalsPart } from "./scores.js";

/** @typedef {import("../../layers/explain.ts").Explanation} Explanation */

/** What was asked last, so that another view costs nobody their text. */
const asked = { text: "", system: "", protocol: "openai-chat" };

/** @type {import("./router.js").View} */
export function showExplain(root) {
  const result = h("div", { class: "result", "aria-live": "polite" }, beginning());
  const text = h("textarea", { id: "text", rows: "4", placeholder: "how long do refunds take?" });
  const system = h("textarea", { id: "system", rows: "2", placeholder: "none" });
  const protocol = h(
    "select",
    { id: "protocol" },
    h("option", { value: "openai-chat" }, "OpenAI Chat Completions"),
    h("option", { value: "anthropic-messages" }, "Anthropic Messages"),
  );
  text.value = asked.text;
  system.value = asked.system;
  protocol.value = asked.protocol;
  const button = h("button", { type: "submit", class: "main" }, "Explain");
  const ask = (/** @type {Event} */ event) => {
    event.preventDefault();
    Object.assign(asked, { text: text.value, system: system.value, protocol: protocol.value });
    void explain(button, result);
  };
  const form = h(
    "form",
    { submit: ask },
    h("label", { class: "tall" }, h("span", {}, "What a user says"), text),
    h("label", { class: "tall" }, h("span", {}, "System prompt of the application"), system),
    h("label", {}, h("span", {}, "Protocol"), protocol),
    h("p", {}, button, h("span", { class: "hint" }, " or Ctrl+Enter; no call is made")),
  );
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  root.append(h("h1", {}, "Explain"), form, result);
  text.focus();
  return { stop: () => undefined, keys: { "/": () => text.focus() } };
}

function beginning() {
  return empty(
    "Type what a user might say.",
    h(
      "p",
      {},
      "You see what would be decided, by which route, how near every threshold was, and which change of the policy would decide otherwise.",
    ),
  );
}

/** @param {HTMLButtonElement} button @param {Element} result */
async function explain(button, result) {
  const { text, system, protocol } = asked;
  if (text.trim() === "")
    return swap(result, h("p", { class: "trouble" }, "There is no text to explain."));
  button.disabled = true;
  result.setAttribute("aria-busy", "true");
  try {
    /** @type {Explanation} */
    const told = await postJson(
      `/explain?protocol=${protocol}`,
      bodyOf({ text, system, protocol }),
    );
    swap(result, parts(told));
  } catch (fault) {
    swap(result, faultPart(fault));
  } finally {
    button.disabled = false;
    result.removeAttribute("aria-busy");
  }
}

/** A body as an application would send it. @param {typeof asked} question */
function bodyOf({ text, system, protocol }) {
  const said = { role: "user", content: text };
  const isPrompted = system.trim() !== "";
  if (protocol === "anthropic-messages") {
    return {
      model: "claude",
      max_tokens: 1024,
      messages: [said],
      ...(isPrompted ? { system } : {}),
    };
  }
  return {
    model: "any",
    messages: isPrompted ? [{ role: "system", content: system }, said] : [said],
  };
}

/** @param {Explanation} told */
function parts(told) {
  const { signals } = told;
  const model = signals?.model && !("failed" in signals.model) ? signals.model : null;
  return [
    h(
      "p",
      { class: "headline" },
      badge(told.decision),
      " ",
      h("strong", {}, told.reason),
      h("span", { class: "hint" }, ` ${told.because}`),
    ),
    told.observed !== null &&
      h(
        "p",
        { class: "hint" },
        `It would only be recorded (${told.observed}), and the call forwarded.`,
      ),
    told.answer !== null &&
      h(
        "figure",
        { class: "answer" },
        h("figcaption", {}, "The answer"),
        h("blockquote", {}, told.answer),
      ),
    facts([
      ["Route", told.route ?? none],
      ["Target", told.target ?? none],
      ["Confidence", score(told.confidence)],
      ["Complexity", score(told.complexity)],
      ["Policy", h("code", {}, told.policy)],
    ]),
    routesPart(told.routes, "No route was looked at."),
    matchParts(told.matches),
    headsPart(told.heads, "No route needed the model for this text, or it gave nothing."),
    signals !== null && signalsPart({ ...signals.cheap, ...model }),
  ];
}

/** @param {Explanation["matches"]} matches */
function matchParts(matches) {
  if (matches.length === 0) return null;
  return section(
    "Nearest sentences of the policy",
    h(
      "div",
      { class: "cards" },
      matches.map(({ with: kind, name, best, second, margin, isExact, guard, bounds }) =>
        h(
          "article",
          { class: "card" },
          h("h3", {}, name === null ? kind : `${kind} of ${name}`),
          facts([
            ["Nearest", `${best.isMeant ? "" : "not "}${best.name}`],
            ["Its sentence", `“${best.sentence}”${isExact ? ", word for word" : ""}`],
            ["Similarity", score(best.similarity)],
            ["Confidence", score(best.confidence)],
            ["Estimated share wrong", score(best.wrong)],
            [
              "Next",
              second === null
                ? none
                : `${second.name} ${score(second.similarity)}, ${distance(margin)}`,
            ],
            ["Pair guard", guard === null ? "no objection" : guard.because],
            ["Thresholds of routes", boundsOf(bounds)],
          ]),
        ),
      ),
    ),
  );
}
