/** Fetches what a view shows, again and again if wanted, and says what is the matter while there is nothing to show. */
import { wordsOf } from "./ask.js";
import { h, swap } from "./dom.js";

/** When waiting is worth a word, and when it is worth another. */
const waitingMs = 250;
const slowMs = 4000;

/**
 * @template Of
 * @typedef {object} Wanted
 * @property {(signal: AbortSignal) => Promise<Of>} load
 * @property {(data: Of) => import("./dom.js").Child} show
 * @property {number} [everyMs] Looks again after this long; once if left out.
 */

/**
 * Fills `root`; what is returned ends it.
 * @template Of
 * @param {Element} root
 * @param {Wanted<Of>} wanted
 * @returns {{ readonly stop: () => void, readonly again: () => void }}
 */
export function kept(root, wanted) {
  const keeper = new Keeper(root, wanted);
  void keeper.look();
  return { stop: () => keeper.stop(), again: () => void keeper.look() };
}

/** @template Of */
class Keeper {
  /** @param {Element} root @param {Wanted<Of>} wanted */
  constructor(root, wanted) {
    this.root = root;
    this.wanted = wanted;
    this.ended = new AbortController();
    /** What was shown last, to leave alone what has not changed. */
    this.shown = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.next = undefined;
  }

  async look() {
    clearTimeout(this.next);
    const { load, everyMs } = this.wanted;
    const waiting = this.shown === "" ? this.#wait() : [];
    try {
      const data = await load(this.ended.signal);
      if (!this.ended.signal.aborted) this.#show(data);
    } catch (fault) {
      if (!this.ended.signal.aborted) this.#fail(fault);
    } finally {
      for (const timer of waiting) clearTimeout(timer);
    }
    if (everyMs !== undefined && !this.ended.signal.aborted) this.#later(everyMs);
  }

  stop() {
    clearTimeout(this.next);
    this.ended.abort();
  }

  /** Pages that nobody looks at do not ask. @param {number} everyMs */
  #later(everyMs) {
    this.next = setTimeout(
      () => (document.hidden ? this.#later(everyMs) : void this.look()),
      everyMs,
    );
  }

  #wait() {
    this.root.setAttribute("aria-busy", "true");
    const say = (/** @type {string} */ text) =>
      swap(this.root, h("p", { class: "waiting", role: "status" }, text));
    return [
      setTimeout(() => say("Loading …"), waitingMs),
      setTimeout(() => say("Still waiting for the sidecar; it may be busy."), slowMs),
    ];
  }

  /** @param {Of} data */
  #show(data) {
    this.root.removeAttribute("aria-busy");
    const text = JSON.stringify(data, (key, value) => (key === "nowMs" ? undefined : value));
    this.#mended();
    if (text === this.shown) return;
    this.shown = text;
    swap(this.root, this.wanted.show(data));
  }

  /** @param {unknown} fault */
  #fail(fault) {
    this.root.removeAttribute("aria-busy");
    const words = wordsOf(fault);
    if (this.shown !== "") return this.#outdated(words);
    const again = h("button", { type: "button", click: () => void this.look() }, "Try again");
    swap(this.root, h("div", { class: "trouble", role: "alert" }, h("p", {}, words), again));
  }

  /** What was shown stays, with a word above it. @param {string} words */
  #outdated(words) {
    this.#mended();
    this.root.prepend(
      h("p", { class: "trouble outdated", role: "alert" }, `Not up to date: ${words}`),
    );
  }

  #mended() {
    this.root.querySelector(":scope > .outdated")?.remove();
  }
}

/**
 * What a view says when there is nothing yet: what it is, and what to do.
 * @param {string} title
 * @param {...import("./dom.js").Child} children
 */
export function empty(title, ...children) {
  return h("div", { class: "empty" }, h("p", { class: "lead" }, title), ...children);
}
