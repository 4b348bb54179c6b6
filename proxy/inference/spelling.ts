/** Takes a typo out of a question where it surely is one: no word itself, and one letter away from just one word of the sentences; used by matcher.ts. */
import type { Lexicon } from "./lexicon.ts";
import { isTypo, plain, wordsOf } from "./words.ts";

/** What is meant is this long at least: shorter words are one letter from too many others. */
const shortest = 5;

/** Pure after construction. */
export class Spelling {
  readonly #lexicon: Lexicon;
  /** Words that the sentences themselves write, well spelt or not. */
  readonly #said: ReadonlySet<string>;
  /** First letter -> those of them that the dictionary knows; others may be names, and those are not guessed. */
  readonly #alike = new Map<string, string[]>();

  constructor(sentences: readonly string[], lexicon: Lexicon) {
    this.#lexicon = lexicon;
    this.#said = new Set(sentences.flatMap((text) => wordsOf(plain(text))));
    for (const word of this.#said) if (isLong(word) && lexicon.isWord(word)) this.#add(word);
  }

  /** The text as it is, but for the words that are typos. */
  corrected(text: string): string {
    if (!this.#lexicon.hasDictionary) return text;
    return text.replaceAll(/\p{L}{4,}/gu, (word) => this.#meant(word.toLowerCase()) ?? word);
  }

  #add(word: string): void {
    const letter = word.slice(0, 1);
    this.#alike.set(letter, [...(this.#alike.get(letter) ?? []), word]);
  }

  /** Null for a word, and for what could be a typo of several. */
  #meant(word: string): string | null {
    if (this.#said.has(word) || this.#lexicon.isWord(word)) return null;
    const found = (this.#alike.get(word.slice(0, 1)) ?? []).filter((other) => isTypo(word, other));
    return found.length === 1 ? (found[0] ?? null) : null;
  }
}

function isLong(word: string): boolean {
  return word.length >= shortest && /^\p{L}+$/u.test(word);
}
