/** Order numbers and the like: to an intent, one of a form that its examples show is as good as another; used by intents.ts. */

// Letters, digits and hyphens, with a digit somewhere.
const identifier =
  /(?<![\p{L}\p{N}_.,-])(?=[a-z\d-]*\d)[a-z\d]+(?:-[a-z\d]+)*(?![a-z\d_-]|[.,]\d)/giu;

/** Rewrites what a user wrote to what the examples say. Pure after construction. */
export class Identifiers {
  /** Form -> the first identifier of the examples that has it. */
  readonly #known = new Map<string, string>();

  constructor(sentences: readonly string[]) {
    for (const [word] of sentences.flatMap((text) => [...text.matchAll(identifier)])) {
      const form = formOf(word);
      if (form !== null && !this.#known.has(form)) this.#known.set(form, word);
    }
  }

  /** The text with each identifier of a known form as the examples write it; what a text repeats it still repeats. */
  asKnown(text: string): string {
    if (this.#known.size === 0) return text;
    return text.replaceAll(identifier, (word) => this.#known.get(formOf(word) ?? "") ?? word);
  }
}

/** "mf-000000" for "MF-204518"; null for what is more likely an amount, a year or a product ("500ml", "RTX4090"). */
function formOf(word: string): string | null {
  const digits = word.match(/\d/g)?.length ?? 0;
  const isMixed = /^[a-z]/iu.test(word);
  if (digits < (isMixed ? 5 : 6) || /^\d.*[a-z]/iu.test(word)) return null;
  return word.toLowerCase().replaceAll(/\d/g, "0");
}
