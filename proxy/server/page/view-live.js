/** The first view: calls as they come, filtered, with the sums above them. */
import { getJson } from "./api.js";
import { CallFilter, offer } from "./call-filter.js";
import { CallRows, mostRows } from "./call-rows.js";
import { decisions, kinds } from "./decisions.js";
import { h, swap } from "./dom.js";
import { several, whole } from "./format.js";
import { sumTiles } from "./live-sums.js";
import { empty, kept } from "./loading.js";
import { noteAddress } from "./router.js";
import { Stream } from "./stream.js";

/** @typedef {import("../../telemetry/report.ts").ReportPage} ReportPage */
/** @typedef {import("../page-data.ts").CallsEvent} CallsEvent */

/** The call that was opened last, to come back to. */
let opened = "";

/** @type {import("./router.js").View} */
export function showLive(root, { query }) {
  const live = new Live(query);
  live.showIn(root);
  return {
    stop: () => live.stop(),
    keys: {
      j: () => live.rows.move(1),
      k: () => live.rows.move(-1),
      p: () => live.pause(),
      "/": () => live.filter.search.focus(),
    },
  };
}

class Live {
  rows = new CallRows();
  tiles = h("div", { class: "tiles" });
  line = h("p", { class: "line", role: "status" });
  list = h("div", {});
  /** @type {Stream | null} */
  stream = null;
  isPaused = false;
  /** @type {CallsEvent[]} Events that wait until the pause is over, the newest last. */
  waiting = [];
  skipped = 0;
  /** @type {import("./stream.js").Standing} */
  standing = "lost";

  /** @param {URLSearchParams} query */
  constructor(query) {
    this.filter = new CallFilter(query, () => this.follow());
    const pressed = { "aria-pressed": "false", click: () => this.pause() };
    this.button = h("button", { type: "button", id: "pause", ...pressed }, "Pause");
    this.rows.table.addEventListener("click", openRow);
    this.sums = kept(this.tiles, {
      load: (signal) => getJson("/report?span=1h", signal),
      show: (page) => this.#told(page),
      everyMs: 5000,
    });
  }

  /** @param {Element} root */
  showIn(root) {
    const clear = () => this.filter.clear();
    root.append(
      h("h1", {}, "Live calls"),
      this.tiles,
      h(
        "div",
        { class: "filters" },
        this.filter.fields,
        this.button,
        h("button", { type: "button", class: "quiet", click: clear }, "Clear filters"),
      ),
      this.line,
      this.list,
    );
    void this.#offerRoutes();
    this.follow();
  }

  /** Begins anew with what the filter asks for now. */
  follow() {
    this.stream?.stop();
    this.rows.clear();
    this.waiting = [];
    this.skipped = 0;
    const { query } = this.filter;
    history.replaceState(null, "", `#/live${query.size > 0 ? `?${query}` : ""}`);
    noteAddress();
    swap(this.list, h("p", { class: "waiting", role: "status" }, "Loading …"));
    this.stream = new Stream(query, {
      calls: (event, isFirst) => this.#take(event, isFirst),
      state: () => document.dispatchEvent(new Event("sidestep-state")),
      standing: (standing) => this.#stands(standing),
    });
  }

  stop() {
    this.stream?.stop();
    this.sums.stop();
    this.filter.stop();
  }

  pause() {
    this.isPaused = !this.isPaused;
    this.button.setAttribute("aria-pressed", String(this.isPaused));
    this.button.replaceChildren(this.isPaused ? "Go on" : "Pause");
    if (!this.isPaused) for (const event of this.waiting.splice(0)) this.#add(event);
    this.#say();
  }

  /** @param {CallsEvent} event @param {boolean} isFirst */
  #take(event, isFirst) {
    if (!isFirst) this.skipped += event.skipped;
    if (this.isPaused && !isFirst) this.#hold(event);
    else this.#add(event);
    this.#say();
  }

  /** A pause must not cost memory: of what waits no more is kept than would be shown. @param {CallsEvent} event */
  #hold(event) {
    this.waiting.push(event);
    let held = this.waiting.reduce((sum, { calls }) => sum + calls.length, 0);
    while (held > mostRows && this.waiting.length > 1) {
      held -= this.waiting.shift()?.calls.length ?? 0;
    }
  }

  /** @param {CallsEvent} event */
  #add({ calls, total }) {
    this.rows.add(calls);
    if (this.rows.count > 0) this.#showRows();
    else if (total === 0 && this.filter.query.size === 0) swap(this.list, noCalls());
    else
      swap(
        this.list,
        noneFound(() => this.filter.clear()),
      );
  }

  #showRows() {
    if (this.list.contains(this.rows.table)) return;
    swap(this.list, h("div", { class: "scroll" }, this.rows.table));
    if (opened !== "") this.rows.focusOn(opened);
    opened = "";
  }

  /** @param {import("./stream.js").Standing} standing */
  #stands(standing) {
    this.standing = standing;
    this.#say();
  }

  #say() {
    const held = this.waiting.reduce((sum, { calls, skipped }) => sum + calls.length + skipped, 0);
    const words = {
      open: this.isPaused ? `Paused; ${several(held, "new call")}` : "Following calls as they end",
      lost: "Connection lost; trying again",
      resting: "Resting while this page is hidden",
    }[this.standing];
    const more =
      this.skipped > 0 ? `; ${whole(this.skipped)} came faster than a page can show` : "";
    if (this.line.textContent !== words + more) swap(this.line, words + more);
    this.line.classList.toggle("trouble", this.standing === "lost");
  }

  /** @param {ReportPage} page */
  #told(page) {
    offer(this.filter.reason.select, Object.keys(page.reasons).toSorted());
    return sumTiles(page);
  }

  async #offerRoutes() {
    const page = await getJson("/policy").catch(() => null);
    offer(this.filter.route.select, page?.routes ?? []);
  }
}

/** The whole row opens a call; its link does so by keyboard. @param {Event} event */
function openRow(event) {
  const row = event.target instanceof Element ? event.target.closest("tr") : null;
  const link = row?.querySelector("a");
  if (!link || window.getSelection()?.toString()) return;
  opened = link.title;
  if (event.target !== link) location.hash = link.hash;
}

function noCalls() {
  const base = "OPENAI_BASE_URL=http://localhost:4000/v1";
  const says = kinds.map((kind) => h("li", {}, h("code", {}, kind), `: ${decisions[kind].says}`));
  return empty(
    "No call has come yet.",
    h("p", {}, "Point an application at the sidecar’s data port; its calls appear as they end:"),
    h("pre", { tabindex: "0" }, h("code", {}, base)),
    h("p", {}, "Each is one of these:"),
    h("ul", {}, says),
  );
}

/** @param {() => void} clear */
function noneFound(clear) {
  return empty(
    "None of the remembered calls is like that.",
    h("p", {}, "New ones appear here as they come."),
    h("button", { type: "button", click: clear }, "Clear filters"),
  );
}
