/** Bounds how many distinct values a label may take, so that metrics cannot grow without end; used by metrics. */

/** What stands for every value above the bound. */
const other = "other";

/** What stands for no value. */
export const none = "none";

/** The first `limit` distinct values pass, later ones become "other". */
export class LabelCap {
  readonly #limit: number;
  readonly #seen: Set<string> = new Set();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The label for a value; "none" for null. */
  label(value: string | null): string {
    if (value === null) return none;
    if (this.#seen.has(value)) return value;
    if (this.#seen.size >= this.#limit) return other;
    this.#seen.add(value);
    return value;
  }
}
