/** A histogram of durations in a fixed number of buckets, for quantiles that need no list of values; used by report. */

/** Buckets a power of ten, and the least and the greatest duration that are told apart. */
const perDecade = 10;
const leastMs = 0.01;
const decades = 7;

/** Its size never changes, whatever is added. */
export class LogHistogram {
  readonly #counts: Uint32Array = new Uint32Array(perDecade * decades + 1);
  #total = 0;

  add(ms: number): void {
    const at = ms <= leastMs ? 0 : Math.ceil(Math.log10(ms / leastMs) * perDecade);
    const last = this.#counts.length - 1;
    const index = Math.min(last, Math.max(0, at));
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total += 1;
  }

  /** The upper end of the bucket in which the quantile lies; null while nothing was added. */
  quantile(share: number): number | null {
    if (this.#total === 0) return null;
    const wanted = Math.max(1, Math.ceil(share * this.#total));
    let seen = 0;
    for (const [at, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= wanted) return leastMs * 10 ** (at / perDecade);
    }
    return null;
  }
}
