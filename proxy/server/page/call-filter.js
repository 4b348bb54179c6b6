/** What of the calls somebody wants to see: choices of decision, route and reason, and a part of the id. */
import { kinds } from "./decisions.js";
import { h } from "./dom.js";

/** Rest after the last letter before the list is asked for again. */
const typingMs = 250;

export class CallFilter {
  /**
   * @param {URLSearchParams} query What the address asks for.
   * @param {() => void} changed
   */
  constructor(query, changed) {
    this.changed = changed;
    const asked = (/** @type {string} */ name) => query.get(name) ?? "";
    this.decision = choice("Decision", [...kinds, "would"], asked("decision"), changed);
    this.route = choice("Route", [], asked("route"), changed);
    this.reason = choice("Reason", [], asked("reason"), changed);
    this.search = h("input", {
      type: "search",
      id: "search",
      placeholder: "part of it",
      value: asked("search"),
      autocomplete: "off",
      spellcheck: "false",
      input: () => this.#soon(),
    });
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.typing = undefined;
    this.fields = [
      this.decision.label,
      this.route.label,
      this.reason.label,
      h("label", {}, h("span", {}, "Request id"), this.search),
    ];
  }

  /** As the query of a path; what asks for nothing is left out. */
  get query() {
    const { decision, route, reason, search } = this;
    const values = {
      decision: decision.select.value,
      route: route.select.value,
      reason: reason.select.value,
      search: search.value.trim(),
    };
    return new URLSearchParams(Object.entries(values).filter(([, value]) => value !== ""));
  }

  clear() {
    for (const { select } of [this.decision, this.route, this.reason]) select.value = "";
    this.search.value = "";
    this.changed();
  }

  stop() {
    clearTimeout(this.typing);
  }

  #soon() {
    clearTimeout(this.typing);
    this.typing = setTimeout(this.changed, typingMs);
  }
}

/**
 * @param {string} name
 * @param {readonly string[]} values
 * @param {string} value
 * @param {() => void} change
 */
function choice(name, values, value, change) {
  const select = h("select", { change }, h("option", { value: "" }, "any"));
  offer(select, value === "" ? values : [...values, value]);
  select.value = value;
  return { label: h("label", {}, h("span", {}, name), select), select };
}

/**
 * Adds what is not there yet.
 * @param {HTMLSelectElement} select
 * @param {readonly string[]} values
 */
export function offer(select, values) {
  const known = new Set(Array.from(select.options, (option) => option.value));
  for (const value of values) {
    if (known.has(value)) continue;
    known.add(value);
    select.append(h("option", { value }, value === "would" ? "would answer (observed)" : value));
  }
}
