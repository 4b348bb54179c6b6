/** Follows the calls as they come; comes back after a break with what was missed, and rests while nobody looks. */

/** @typedef {"open" | "lost" | "resting"} Standing */

/**
 * Who wants to know.
 * @typedef {object} Follower
 * @property {(event: import("../page-data.ts").CallsEvent, isFirst: boolean) => void} calls
 * @property {() => void} state
 * @property {(standing: Standing) => void} standing
 */

/** Time until a refused connection is tried again, and until a hidden page is let rest. */
const againMs = 3000;
const restMs = 10_000;

export class Stream {
  /** @param {URLSearchParams} filter @param {Follower} follower */
  constructor(filter, follower) {
    this.filter = filter;
    this.follower = follower;
    this.lastId = "";
    /** @type {EventSource | null} */
    this.source = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.onVisible = () => this.#look();
    document.addEventListener("visibilitychange", this.onVisible);
    this.#open();
  }

  stop() {
    document.removeEventListener("visibilitychange", this.onVisible);
    this.#close();
  }

  #open() {
    this.#close();
    const query = new URLSearchParams(this.filter);
    if (this.lastId !== "") query.set("after", this.lastId);
    const source = new EventSource(`/events?${query}`);
    this.source = source;
    source.addEventListener("open", () => this.follower.standing("open"));
    source.addEventListener("calls", (event) => this.#take(event));
    source.addEventListener("state", () => this.follower.state());
    source.addEventListener("error", () => this.#lost(source));
  }

  /** @param {MessageEvent<string>} event */
  #take(event) {
    const isFirst = this.lastId === "";
    this.lastId = event.lastEventId;
    this.follower.calls(JSON.parse(event.data), isFirst);
  }

  /** A browser tries again by itself unless it was refused. @param {EventSource} source */
  #lost(source) {
    this.follower.standing("lost");
    if (source.readyState !== EventSource.CLOSED) return;
    this.timer = setTimeout(() => this.#open(), againMs);
  }

  #look() {
    clearTimeout(this.timer);
    if (document.hidden) this.timer = setTimeout(() => this.#rest(), restMs);
    else if (this.source === null || this.source.readyState === EventSource.CLOSED) this.#open();
  }

  /** Browsers keep few connections to one place: pages in the background give theirs back. */
  #rest() {
    this.#close();
    this.follower.standing("resting");
  }

  #close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }
}
