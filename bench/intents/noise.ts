/** Seeded draws, and the ways in which people spell: typos, case, greetings, punctuation. */

/** Draws that depend on the seed alone. */
export class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1). */
  share(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer in [low, high]. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.share() * (high - low + 1));
  }

  one<T>(items: readonly T[]): T {
    const item = items[this.integer(0, items.length - 1)];
    if (item === undefined) throw new Error("nothing to draw from");
    return item;
  }

  some<T>(items: readonly T[], count: number): T[] {
    const rest = [...items];
    const taken: T[] = [];
    while (taken.length < count && rest.length > 0) {
      taken.push(...rest.splice(this.integer(0, rest.length - 1), 1));
    }
    return taken;
  }
}

const kinds: readonly ((text: string, draw: Draw) => string)[] = [
  (text) => text.toLowerCase(),
  (text, draw) => {
    const at = draw.integer(0, Math.max(0, text.length - 2));
    return `${text.slice(0, at)}${text[at + 1] ?? ""}${text[at] ?? ""}${text.slice(at + 2)}`;
  },
  (text, draw) => {
    const at = draw.integer(0, Math.max(0, text.length - 1));
    return `${text.slice(0, at)}${text.slice(at + 1)}`;
  },
  (text, draw) => `${draw.one(["hi, ", "hello ", "hey ", "um ", "ok so "])}${text}`,
  (text, draw) => `${text}${draw.one([" please", " thanks", " plz", " asap"])}`,
  (text, draw) => `${text}${draw.one(["??", "!", "...", "!!"])}`,
];

/** The text as somebody in a hurry writes it. */
export function noisy(text: string, draw: Draw): string {
  return draw.one(kinds)(text, draw);
}
