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

/**
 * Bounds how many series one metric has, since labels of a hundred values each would still multiply:
 * combinations beyond the limit count under "other" in every label that the policy names the values of.
 */
export class SeriesCap {
  readonly #limit: number;
  readonly #open: readonly string[];
  readonly #seen: Set<string> = new Set();

  constructor(limit: number, open: readonly string[]) {
    this.#limit = limit;
    this.#open = open;
  }

  /** The labels to count under. */
  labels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    const key = Object.values(labels).join("\n");
    if (this.#seen.has(key)) return labels;
    if (this.#seen.size >= this.#limit) return { ...labels, ...this.#others() };
    this.#seen.add(key);
    return labels;
  }

  #others(): Record<string, string> {
    return Object.fromEntries(this.#open.map((label) => [label, other]));
  }
}
