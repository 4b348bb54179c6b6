/** Finds the class of a question among classes given by sentences and measures how sure that is; behind intents.ts and faq.ts. */
import { readForGuard, type GuardText, type Objection, type WordKnowledge } from "./guard-text.ts";
import { softmax } from "./heads.ts";
import type { Lexicon } from "./lexicon.ts";
import { guardTexts } from "./pair-guard.ts";
import type { Regression } from "./regression.ts";
import { Spelling } from "./spelling.ts";
import { dot, normalisedMean } from "./vectors.ts";
import { stemsOf, wordLine } from "./words.ts";
import { WordingIndex } from "./wording.ts";

/** Sentences that ask for the same. */
export interface SentenceClass {
  readonly sentences: readonly string[];
  /** Unit vectors of the sentences, in order. */
  readonly vectors: readonly Float32Array[];
}

/** The best class and how it stands. */
export interface Match {
  readonly best: number;
  /** The best other class; null when there is only one. */
  readonly second: number | null;
  /** Index of the most similar sentence of the best class. */
  readonly sentence: number;
  /** Cosine to that sentence. */
  readonly similarity: number;
  /** Difference of similarity to the best other class. */
  readonly margin: number;
  /** The question says word for word what a sentence says, and no other class says it. */
  readonly isExact: boolean;
  /** What the guard has against the most similar sentence; null also when it accepts any sentence. */
  readonly objection: Objection | null;
  /** In the order of `featureNames`. */
  readonly features: readonly number[];
}

/** Names of what is measured; the calibration file weighs them by name. */
export const featureNames = [
  "odds",
  "secondShare",
  "oddsRatio",
  "entropy",
  "logit",
  "logitMargin",
  "similarity",
  "secondSimilarity",
  "margin",
  "meanSimilarity",
  "meanMargin",
  "inSentence",
  "ofSentence",
  "inClass",
  "core",
  "newRarity",
  "newMost",
  "newWords",
  "strangers",
  "cosine",
  "cosineMargin",
  "words",
  "rivalry",
  "agreement",
  "accepted",
  "cohesion",
  "clearance",
] as const;

interface Nearness {
  /** Per class: the highest cosine of its sentences, that sentence's index, and the mean cosine. */
  readonly best: Float64Array;
  readonly at: Int32Array;
  readonly mean: Float64Array;
}

/** Pure after construction. */
export class Matcher {
  readonly #classes: readonly SentenceClass[];
  readonly #texts: readonly (readonly GuardText[])[];
  readonly #exact: ReadonlyMap<string, number>;
  readonly #means: readonly Float32Array[];
  readonly #wording: WordingIndex;
  readonly #spelling: Spelling;
  readonly #regression: Regression | null;
  readonly #known: WordKnowledge;

  /** Without a regression the most similar sentence decides, and every word of it counts, which suits classes of one or two sentences. */
  constructor(
    classes: readonly SentenceClass[],
    lexicon: Lexicon,
    regression: Regression | null,
    isName: (word: string) => boolean,
  ) {
    this.#classes = classes;
    this.#texts = classes.map(({ sentences }) => sentences.map(readForGuard));
    this.#exact = exactLines(classes);
    this.#means = classes.map(({ vectors }) => normalisedMean(vectors));
    this.#wording = new WordingIndex(
      classes.map(({ sentences }) => sentences),
      lexicon,
    );
    this.#spelling = new Spelling(
      classes.flatMap(({ sentences }) => sentences),
      lexicon,
    );
    this.#regression = regression;
    this.#known = {
      isExacting: regression === null,
      isCommon: (word) => lexicon.isCommon(word),
      isWord: (word) => lexicon.isWord(word),
      isMisspelt: (word) => lexicon.isMisspelt(word),
      isName,
    };
  }

  /** Null when there is no class or the embedding is of another width. */
  match(said: string, embedding: Float32Array): Match | null {
    const text = this.#spelling.corrected(said);
    if (embedding.length === 0 || this.#means[0]?.length !== embedding.length) return null;
    const near = this.#nearness(embedding);
    const logits = this.#logits(embedding, near);
    const exact = this.#exact.get(wordLine(text)) ?? -1;
    const best = exact >= 0 ? exact : topOf(logits, -1);
    const second = topOf(logits, best);
    const { accepted, objection } = this.#guarded(text, best, near);
    const [similarity = 0, , margin = 0] = nearFeatures(near, best);
    return {
      best,
      second: second < 0 ? null : second,
      sentence: near.at[best] ?? 0,
      similarity,
      margin,
      isExact: exact === best,
      objection,
      features: [
        ...this.#logitFeatures(logits, best),
        ...nearFeatures(near, best),
        ...this.#wordFeatures(text, best, near),
        this.#rivalry(best, second),
        this.#agreement(text, best, near),
        accepted,
        ...this.#spread(best),
      ],
    };
  }

  #nearness(embedding: Float32Array): Nearness {
    const count = this.#classes.length;
    const near = {
      best: new Float64Array(count),
      at: new Int32Array(count),
      mean: new Float64Array(count),
    };
    this.#classes.forEach(({ vectors }, k) => {
      let best = -1;
      let sum = 0;
      vectors.forEach((vector, index) => {
        const cosine = dot(vector, embedding);
        sum += cosine;
        if (cosine <= best) return;
        best = cosine;
        near.at[k] = index;
      });
      near.best[k] = best;
      near.mean[k] = sum / vectors.length;
    });
    return near;
  }

  #logits(embedding: Float32Array, near: Nearness): Float64Array {
    const regression = this.#regression;
    if (regression === null) return near.best.map((cosine) => 20 * cosine);
    const width = embedding.length;
    return Float64Array.from(this.#classes, (_, k) => {
      const weights = regression.weights.subarray(k * width, (k + 1) * width);
      return dot(weights, embedding) + (regression.bias[k] ?? 0);
    });
  }

  #logitFeatures(logits: Float64Array, best: number): readonly number[] {
    const shares = softmax([...logits]);
    const share = shares[best] ?? 0;
    const rival = valueOfBest(logits, best);
    const secondShare = valueOfBest(shares, best);
    const logit = logits[best] ?? 0;
    return [
      Math.log(share / (1 - share + 1e-4)),
      secondShare,
      Math.log(share + 1e-6) - Math.log(secondShare + 1e-6),
      -shares.reduce((sum, value) => sum + value * Math.log(value + 1e-9), 0),
      logit,
      Number.isFinite(rival) ? logit - rival : 0,
    ];
  }

  #wordFeatures(text: string, best: number, near: Nearness): readonly number[] {
    const wording = this.#wording.compare(stemsOf(text), best, near.at[best] ?? 0);
    return [
      wording.inSentence,
      wording.ofSentence,
      wording.inClass,
      wording.core,
      wording.newRarity,
      wording.newMost,
      wording.newWords,
      wording.strangers,
      wording.cosine,
      wording.margin,
      wording.words,
    ];
  }

  /** How well the class stands by itself: sentences that are alike, and apart from others, say more. */
  #spread(best: number): readonly number[] {
    const spread = this.#regression;
    return spread === null ? [0, 0] : [spread.cohesion[best] ?? 0, spread.clearance[best] ?? 0];
  }

  /** How near the two best classes are to each other. */
  #rivalry(best: number, second: number): number {
    const mean = this.#means[best];
    const other = this.#means[second];
    return mean === undefined || other === undefined ? 0 : dot(mean, other);
  }

  /** How many of three other ways (nearest sentence, nearest mean, wording) choose the same class. */
  #agreement(text: string, best: number, near: Nearness): number {
    const cosines = this.#wording.cosines(stemsOf(text));
    const byWords = [...cosines].reduce((top, entry) => (entry[1] > top[1] ? entry : top), [-1, 0]);
    const votes = [topOf(near.best, -1), topOf(near.mean, -1), byWords[0]];
    return votes.filter((vote) => vote === best).length;
  }

  /** Share of the class's sentences that the guard accepts, and its objection when it accepts none. */
  #guarded(
    text: string,
    best: number,
    near: Nearness,
  ): { readonly accepted: number; readonly objection: Objection | null } {
    const question = readForGuard(text);
    const texts = this.#texts[best] ?? [];
    const objections = texts.map((matched) => guardTexts(question, matched, this.#known));
    const accepted = objections.filter((objection) => objection === null).length / texts.length;
    return { accepted, objection: accepted > 0 ? null : (objections[near.at[best] ?? 0] ?? null) };
  }
}

/** Word lines of all sentences; -1 where two classes share one. */
function exactLines(classes: readonly SentenceClass[]): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  classes.forEach(({ sentences }, k) => {
    for (const sentence of sentences) {
      const line = wordLine(sentence);
      const other = lines.get(line);
      if (line !== "") lines.set(line, other === undefined || other === k ? k : -1);
    }
  });
  return lines;
}

function topOf(values: ArrayLike<number>, except: number): number {
  let top = -1;
  for (let k = 0; k < values.length; k += 1) {
    if (k !== except && (top < 0 || (values[k] ?? 0) > (values[top] ?? 0))) top = k;
  }
  return top;
}

function valueOfBest(values: ArrayLike<number>, except: number): number {
  const top = topOf(values, except);
  return top < 0 ? -Infinity : (values[top] ?? 0);
}

function nearFeatures(near: Nearness, best: number): readonly number[] {
  const similarity = near.best[best] ?? 0;
  const rival = Math.max(-1, valueOfBest(near.best, best));
  const mean = near.mean[best] ?? 0;
  return [
    similarity,
    rival,
    similarity - rival,
    mean,
    mean - Math.max(-1, valueOfBest(near.mean, best)),
  ];
}
