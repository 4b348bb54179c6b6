/** Finds the class of a Japanese question among classes given by sentences, by runs of characters; behind intents.ts and faq.ts. */
import { hasKana } from "../core/script.ts";
import { lineObjection } from "./guard-japanese.ts";
import type { Objection } from "./guard-text.ts";
import { readJapanese, type JapaneseLine, type Token } from "./japanese-line.ts";

/** The best class and how it stands. */
export interface CharacterMatch {
  readonly best: number;
  /** Index of the most similar sentence of the best class, of those that the guard accepts if there are any. */
  readonly sentence: number;
  /** Share of what either text says that both say, in [0, 1]. */
  readonly similarity: number;
  /** Difference of similarity to the best other class. */
  readonly margin: number;
  /** The question says what a sentence says but for politeness, spelling and punctuation, and no other class says it. */
  readonly isExact: boolean;
  /** What the guard has against the most similar sentence; null also when it accepts any sentence. */
  readonly objection: Objection | null;
  /** In the order of `characterFeatureNames`. */
  readonly features: readonly number[];
}

/** Names of what is measured; the calibration file weighs them by name. */
export const characterFeatureNames = [
  "inSentence",
  "ofSentence",
  "similarity",
  "margin",
  "tokens",
  "changedMeanings",
  "changedEndings",
] as const;

interface Sentence {
  readonly class: number;
  /** Index within its class. */
  readonly at: number;
  readonly line: JapaneseLine;
  readonly weight: number;
}

/** How a question stands to one sentence. */
interface Likeness {
  readonly sentence: Sentence;
  readonly inSentence: number;
  readonly ofSentence: number;
  readonly similarity: number;
}

/** What a token's kind weighs: the topic says most, a verb's ending least. */
const weights: Readonly<Record<Token["kind"], number>> = { topic: 1, meaning: 0.7, ending: 0.4 };
const longestGram = 3;

/** Pure after construction. */
export class CharacterMatcher {
  readonly #sentences: readonly Sentence[];
  readonly #exact: ReadonlyMap<string, number>;
  /** Gram -> sentences that have it. */
  readonly #postings: ReadonlyMap<string, readonly number[]>;
  readonly #count: number;

  /** `classes` holds each class's sentences. */
  constructor(classes: readonly (readonly string[])[]) {
    const read = classes.flatMap((sentences, k) =>
      sentences.map((text, at) => ({ class: k, at, line: readJapanese(text) })),
    );
    this.#count = read.length;
    this.#postings = postingsOf(read.map(({ line }) => gramsOf(line.tokens)));
    this.#sentences = read.map((one) => ({
      ...one,
      weight: this.#weigh(gramsOf(one.line.tokens)),
    }));
    this.#exact = exactLines(this.#sentences);
  }

  /** Null for a text that is no question, that shares nothing with any sentence, or that may be Chinese. */
  match(text: string): CharacterMatch | null {
    const question = readJapanese(text);
    const exact = this.#exact.get(question.line) ?? -1;
    if (question.line === "" || (exact < 0 && !hasKana(text))) return null;
    const alike = this.#alike(question);
    const best = exact >= 0 ? exact : (alike[0]?.sentence.class ?? -1);
    const found = nearestOf(question, alike, best);
    return found === null ? null : { ...found, best, isExact: exact === best };
  }

  /** Sentences that share anything with the question, most similar first. */
  #alike(question: JapaneseLine): readonly Likeness[] {
    const grams = gramsOf(question.tokens);
    const weight = this.#weigh(grams);
    const shared = new Map<number, number>();
    for (const [gram, own] of grams) {
      const postings = this.#postings.get(gram) ?? [];
      const part = own * this.#rarity(postings.length);
      for (const at of postings) shared.set(at, (shared.get(at) ?? 0) + part);
    }
    return [...shared]
      .flatMap(([at, sum]) => {
        const sentence = this.#sentences[at];
        if (sentence === undefined) return [];
        const [inSentence, ofSentence] = [sum / weight, sum / sentence.weight];
        return [{ sentence, inSentence, ofSentence, similarity: Math.min(inSentence, ofSentence) }];
      })
      .toSorted((a, b) => b.similarity - a.similarity);
  }

  #weigh(grams: ReadonlyMap<string, number>): number {
    let sum = 1e-9;
    for (const [gram, own] of grams)
      sum += own * this.#rarity(this.#postings.get(gram)?.length ?? 0);
    return sum;
  }

  /** What many sentences have says little of any of them. */
  #rarity(holders: number): number {
    return 1 + Math.log((this.#count + 1) / (holders + 1));
  }
}

/** How the question stands to a class: to the most similar sentence that the guard accepts, else to the most similar one. */
function nearestOf(
  question: JapaneseLine,
  alike: readonly Likeness[],
  best: number,
): Omit<CharacterMatch, "best" | "isExact"> | null {
  const own = alike.filter(({ sentence }) => sentence.class === best);
  const [first] = own;
  if (first === undefined) return null;
  const accepted = own.find(({ sentence }) => lineObjection(question, sentence.line) === null);
  const nearest = accepted ?? first;
  const rival = alike.find(({ sentence }) => sentence.class !== best)?.similarity ?? 0;
  return {
    sentence: nearest.sentence.at,
    similarity: nearest.similarity,
    margin: nearest.similarity - rival,
    objection: accepted === undefined ? lineObjection(question, first.sentence.line) : null,
    features: featuresOf(question, nearest, rival),
  };
}

/** Runs of one to three tokens with what their tokens weigh. */
function gramsOf(tokens: readonly Token[]): ReadonlyMap<string, number> {
  const grams = new Map<string, number>();
  tokens.forEach((_, from) => {
    for (let length = 1; length <= longestGram && from + length <= tokens.length; length += 1) {
      const part = tokens.slice(from, from + length);
      const weight = part.reduce((sum, { kind }) => sum + weights[kind], 0) / length;
      grams.set(part.map(({ text }) => text).join(" "), weight);
    }
  });
  return grams;
}

function postingsOf(
  grams: readonly ReadonlyMap<string, number>[],
): ReadonlyMap<string, readonly number[]> {
  const postings = new Map<string, number[]>();
  grams.forEach((own, at) => {
    for (const gram of own.keys()) {
      const list = postings.get(gram);
      if (list === undefined) postings.set(gram, [at]);
      else list.push(at);
    }
  });
  return postings;
}

/** Lines of all sentences; -1 where two classes share one. */
function exactLines(sentences: readonly Sentence[]): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  for (const { line, class: own } of sentences) {
    const other = lines.get(line.line);
    if (line.line !== "") lines.set(line.line, other === undefined || other === own ? own : -1);
  }
  return lines;
}

function featuresOf(
  question: JapaneseLine,
  { sentence, inSentence, ofSentence, similarity }: Likeness,
  rival: number,
): readonly number[] {
  return [
    inSentence,
    ofSentence,
    similarity,
    similarity - rival,
    question.tokens.length,
    question.meanings.symmetricDifference(sentence.line.meanings).size,
    endingsOf(question).symmetricDifference(endingsOf(sentence.line)).size,
  ];
}

function endingsOf({ inflected }: JapaneseLine): ReadonlySet<string> {
  return new Set(inflected.map((one) => one.join(" ")));
}
