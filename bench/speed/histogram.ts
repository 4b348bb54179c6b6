/** Counts durations in buckets of under one percent's width, so that a run of any length keeps its percentiles; the load programs fill it. */

/** Buckets to each doubling: 128 keep the error under one percent. */
const perDoubling = 128;

/** A count by bucket; durations are in any unit, smaller ones than `least` count as `least`. */
export class Histogram {
  readonly #least: number;
  readonly #counts: number[] = [];
  #total = 0;
  #highest = 0;

  constructor(least = 0.001) {
    this.#least = least;
  }

  get total(): number {
    return this.#total;
  }

  /** The longest duration, exactly; 0 when there is none. */
  get highest(): number {
    return this.#highest;
  }

  add(duration: number): void {
    const at = this.#bucketOf(duration);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#total += 1;
    this.#highest = Math.max(this.#highest, duration);
  }

  /** The duration that `share` of all do not exceed; NaN when there is none. */
  quantile(share: number): number {
    if (this.#total === 0) return Number.NaN;
    let left = Math.max(1, Math.ceil(share * this.#total));
    for (const [at, count = 0] of this.#counts.entries()) {
      left -= count;
      if (left <= 0) return Math.min(this.#middleOf(at), this.#highest);
    }
    return this.#highest;
  }

  #bucketOf(duration: number): number {
    if (duration <= this.#least) return 0;
    return Math.round(Math.log2(duration / this.#least) * perDoubling);
  }

  #middleOf(at: number): number {
    return this.#least * 2 ** (at / perDoubling);
  }
}
