/** Ordinary words with how often they occur: tells names from words, and says how much a shared word weighs. */
import { courtesies, stopWords } from "./english-words.ts";
import { isStopStem, isTypo, stem } from "./words.ts";

/** As stored beside the model: words in groups of falling frequency. */
export interface LexiconData {
  /** Sentences that were counted. */
  readonly sentences: number;
  /** Each group: the share of sentences that hold one of its words, and the words, separated by blanks. */
  readonly groups: readonly (readonly [number, string])[];
  /** Further words, however rare: what is in neither may be a name or a typo. */
  readonly dictionary?: ReadonlySet<string>;
}

// A word in no list is as rare as one in this many sentences.
const unseen = 1 / 20_000;

/** Word frequencies of the language. */
export class Lexicon {
  readonly #words = new Map<string, number>();
  readonly #stems = new Map<string, number>();
  /** First letter and length -> words. */
  readonly #alike = new Map<string, string[]>();
  readonly #dictionary: ReadonlySet<string>;

  constructor(data: LexiconData) {
    this.#dictionary = data.dictionary ?? new Set();
    for (const [share, words] of data.groups) {
      for (const word of words.split(" ")) {
        this.#words.set(word, share);
        const key = `${word[0] ?? ""}${word.length}`;
        const alike = this.#alike.get(key) ?? [];
        alike.push(word);
        this.#alike.set(key, alike);
        const root = stem(word);
        this.#stems.set(root, (this.#stems.get(root) ?? 0) + share);
      }
    }
  }

  /** Whether a lower-case word is ordinary, so that it is no name. */
  isCommon(word: string): boolean {
    return this.#words.has(word) || stopWords.has(word) || courtesies.has(word);
  }

  /** Whether rare words are known, so that a word in no list is none. */
  get hasDictionary(): boolean {
    return this.#dictionary.size > 0;
  }

  /** Whether a lower-case word is one of the language, however rare. */
  isWord(word: string): boolean {
    return this.isCommon(word) || this.#dictionary.has(word);
  }

  /** Whether a word is an ordinary one with its first letters swapped, or a longer one with a letter wrong after the first. */
  isMisspelt(word: string): boolean {
    if (word.length < 3) return false;
    if (this.isCommon(`${word[1] ?? ""}${word[0] ?? ""}${word.slice(2)}`)) return true;
    if (word.length < 5) return false;
    return [word.length - 1, word.length, word.length + 1].some((length) =>
      (this.#alike.get(`${word[0] ?? ""}${length}`) ?? []).some((other) => isTypo(word, other)),
    );
  }

  isCommonStem(root: string): boolean {
    return this.#stems.has(root) || isStopStem(root);
  }

  /** How much a stem says, in nats: 0 for words in every sentence, about 10 for unseen ones. */
  rarity(root: string): number {
    return -Math.log(Math.min(1, this.#stems.get(root) ?? unseen));
  }
}
