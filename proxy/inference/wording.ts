/** Similarity of wording between a question and the sentences of each class: what an embedding glosses over. */
import type { Lexicon } from "./lexicon.ts";
import { isStopStem, stemsOf } from "./words.ts";

/** How a question's words stand to one class. Shares are weighted by rarity, in [0, 1]. */
export interface Wording {
  /** Share of the question's words that stand in the nearest sentence, and the reverse. */
  readonly inSentence: number;
  readonly ofSentence: number;
  /** Share of the question's words that stand in any of the class's sentences. */
  readonly inClass: number;
  /** Share of the words that the class's sentences have in common which the question has too. */
  readonly core: number;
  /** Topic words that no sentence of the class has: their rarity together and at most, and their number. */
  readonly newRarity: number;
  readonly newMost: number;
  readonly newWords: number;
  /** Those of them that are in no list of ordinary words. */
  readonly strangers: number;
  /** Cosine of weighted words, and the difference to the best other class. */
  readonly cosine: number;
  readonly margin: number;
  readonly words: number;
}

/** Wording of a fixed set of classes. Pure after construction. */
export class WordingIndex {
  readonly #lexicon: Lexicon;
  readonly #sentences: readonly (readonly ReadonlySet<string>[])[];
  /** Per class: stem -> share of its sentences that have it. */
  readonly #shares: readonly ReadonlyMap<string, number>[];
  /** Stem -> classes that have it, with their normalised weight. */
  readonly #postings = new Map<string, [number, number][]>();
  readonly #spread = new Map<string, number>();

  /** `classes` holds each class's sentences. */
  constructor(classes: readonly (readonly string[])[], lexicon: Lexicon) {
    this.#lexicon = lexicon;
    this.#sentences = classes.map((sentences) => sentences.map(stemsOf));
    this.#shares = this.#sentences.map(sharesOf);
    for (const shares of this.#shares) {
      for (const word of shares.keys()) this.#spread.set(word, (this.#spread.get(word) ?? 0) + 1);
    }
    this.#shares.forEach((shares, k) => this.#post(shares, k));
  }

  /** Cosine of weighted words with each class that shares any, by class. */
  cosines(question: ReadonlySet<string>): Map<number, number> {
    const norm = Math.hypot(...Array.from(question, (word) => this.weight(word))) || 1;
    const sums = new Map<number, number>();
    for (const word of question) {
      const weight = this.weight(word) / norm;
      for (const [k, value] of this.#postings.get(word) ?? []) {
        sums.set(k, (sums.get(k) ?? 0) + weight * value);
      }
    }
    return sums;
  }

  /** How the question stands to class `k`, of whose sentences number `nearest` is the most similar. */
  compare(question: ReadonlySet<string>, k: number, nearest: number): Wording {
    const sentence = this.#sentences[k]?.[nearest] ?? new Set<string>();
    const shares = this.#shares[k] ?? new Map<string, number>();
    const cosines = this.cosines(question);
    const cosine = cosines.get(k) ?? 0;
    cosines.delete(k);
    const asked = this.#sum(question, () => 1);
    const fresh = [...question].filter((word) => !shares.has(word) && !isStopStem(word));
    const rarities = fresh.map((word) => this.#lexicon.rarity(word));
    return {
      inSentence: this.#sum(question, (word) => (sentence.has(word) ? 1 : 0)) / asked,
      ofSentence:
        this.#sum(sentence, (word) => (question.has(word) ? 1 : 0)) / this.#sum(sentence, () => 1),
      inClass: this.#sum(question, (word) => Math.min(1, 2 * (shares.get(word) ?? 0))) / asked,
      core: this.#core(question, shares),
      newRarity: rarities.reduce((sum, rarity) => sum + rarity, 0),
      newMost: Math.max(0, ...rarities),
      newWords: fresh.length,
      strangers: fresh.filter((word) => !this.#lexicon.isCommonStem(word)).length,
      cosine,
      margin: cosine - Math.max(0, ...cosines.values()),
      words: question.size,
    };
  }

  /** Weight of a stem: rare in the language and in few classes says most. */
  weight(word: string): number {
    const rarity = this.#lexicon.rarity(word);
    const spread = Math.log((this.#shares.length + 1) / ((this.#spread.get(word) ?? 0) + 0.5));
    return Math.max(0.01, (rarity + spread) / 2) * (isStopStem(word) ? 0.15 : 1);
  }

  #core(question: ReadonlySet<string>, shares: ReadonlyMap<string, number>): number {
    let all = 1e-6;
    let found = 0;
    for (const [word, share] of shares) {
      if (isStopStem(word)) continue;
      const weight = this.weight(word) * share * share;
      all += weight;
      if (question.has(word)) found += weight;
    }
    return found / all;
  }

  #sum(words: ReadonlySet<string>, value: (word: string) => number): number {
    let sum = 1e-6;
    for (const word of words) sum += this.weight(word) * value(word);
    return sum;
  }

  #post(shares: ReadonlyMap<string, number>, k: number): void {
    const weights = [...shares].map(([word, share]) => [word, share * this.weight(word)] as const);
    const norm = Math.hypot(...weights.map(([, weight]) => weight)) || 1;
    for (const [word, weight] of weights) {
      const postings = this.#postings.get(word) ?? [];
      postings.push([k, weight / norm]);
      this.#postings.set(word, postings);
    }
  }
}

function sharesOf(sentences: readonly ReadonlySet<string>[]): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  for (const sentence of sentences) {
    for (const word of sentence) shares.set(word, (shares.get(word) ?? 0) + 1 / sentences.length);
  }
  return shares;
}
