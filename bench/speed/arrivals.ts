/** When calls are due in an open loop: at random moments of a given rate, whatever becomes of the calls before. */

/** Deterministic numbers from 0 to 1 (mulberry32), so that every contender gets the same arrivals. */
function drawing(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Due times of a Poisson process in milliseconds from the start, up to `endMs`. */
export function* arrivals(perSecond: number, endMs: number, seed: number): Generator<number> {
  const draw = drawing(seed);
  const gapMs = (): number => (-Math.log(1 - draw()) * 1000) / perSecond;
  for (let atMs = gapMs(); atMs < endMs; atMs += gapMs()) yield atMs;
}

/**
 * Calls that are due and not yet sent. A call that had to wait for a free connection keeps the time at
 * which it was due, and its latency is counted from there: a server that stands still for a second is
 * charged with every call that would have come in that second, not with the few that were under way.
 */
export class Backlog {
  readonly #source: Iterator<number>;
  #next: number | null;

  constructor(source: Iterable<number>) {
    this.#source = source[Symbol.iterator]();
    this.#next = this.#pull();
  }

  /** When the next call is due; null after the last. */
  get nextMs(): number | null {
    return this.#next;
  }

  /** The due time of the next call if it is due; null when nothing is. */
  take(nowMs: number): number | null {
    const due = this.#next;
    if (due === null || due > nowMs) return null;
    this.#next = this.#pull();
    return due;
  }

  #pull(): number | null {
    const { done, value } = this.#source.next();
    return done === true ? null : value;
  }
}
