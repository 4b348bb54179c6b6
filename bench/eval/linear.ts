/** The baselines that a model must beat: a linear classifier on words and pairs of words, and one on a text's length. */
import { softmax } from "../../proxy/inference/heads.ts";
import { Draw } from "../intents/noise.ts";

/** The features of one text that are not 0. */
export interface Sparse {
  readonly at: Int32Array;
  readonly values: Float64Array;
}

/** Turns texts into features; learnt on training texts. */
export interface Featuriser {
  readonly size: number;
  of(text: string): Sparse;
}

/** A text's score for each class. */
export type Scorer = (text: string) => Float64Array;

const mostFeatures = 60_000;

/** Words and pairs of words weighted as TF-IDF with logarithmic counts, at unit length; words of one letter are left out. */
export function tfIdf(texts: readonly string[]): Featuriser {
  const inTexts = new Map<string, number>();
  for (const text of texts) {
    for (const term of new Set(termsOf(text))) inTexts.set(term, (inTexts.get(term) ?? 0) + 1);
  }
  const kept = [...inTexts]
    .filter(([, found]) => found > 1 || texts.length < 1000)
    .toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, mostFeatures);
  const place = new Map(kept.map(([term], at) => [term, at]));
  const rarity = Float64Array.from(
    kept,
    ([, found]) => 1 + Math.log((1 + texts.length) / (1 + found)),
  );
  return { size: place.size, of: (text) => weighted(text, place, rarity) };
}

function termsOf(text: string): readonly string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}_]{2,}/gu) ?? [];
  return [...words, ...words.slice(1).map((word, at) => `${words[at] ?? ""} ${word}`)];
}

function weighted(text: string, place: ReadonlyMap<string, number>, rarity: Float64Array): Sparse {
  const counts = new Map<number, number>();
  for (const term of termsOf(text)) {
    const at = place.get(term);
    if (at !== undefined) counts.set(at, (counts.get(at) ?? 0) + 1);
  }
  const values = Float64Array.from(
    counts,
    ([at, found]) => (1 + Math.log(found)) * (rarity[at] ?? 0),
  );
  const norm = Math.hypot(...values) || 1;
  return { at: Int32Array.from(counts.keys()), values: values.map((value) => value / norm) };
}

const lengthBins = 24;

/** Which of equally filled ranges of length the text lies in: nothing but the prompt's length. */
export function lengthBin(texts: readonly string[]): Featuriser {
  const lengths = texts.map(({ length }) => length).toSorted((a, b) => a - b);
  const edges = Array.from(
    { length: lengthBins - 1 },
    (_, at) => lengths[Math.floor(((at + 1) * lengths.length) / lengthBins)] ?? 0,
  );
  return {
    size: lengthBins,
    of: ({ length }) => ({
      at: Int32Array.of(edges.filter((edge) => edge <= length).length),
      values: Float64Array.of(1),
    }),
  };
}

const mostPasses = 6;
const rate = 0.3;

/** What a linear classifier is fitted to. */
export interface Fit {
  readonly texts: readonly string[];
  /** Class of each text, from 0. */
  readonly labels: readonly number[];
  readonly classes: number;
}

/**
 * A multinomial logistic regression by AdaGrad in a seeded order, rarer classes counted half-way up. How many
 * passes it makes is chosen on a tenth of the rows, which holds it back as a penalty would. Deterministic.
 */
export function fitLinear(featuriser: Featuriser, { texts, labels, classes }: Fit): Scorer {
  const shares = rowShares(labels, classes);
  const rows = texts.map((text, at) => ({
    features: featuriser.of(text),
    label: labels[at] ?? 0,
    share: shares[at] ?? 0,
  }));
  const judges = rows.filter((_, at) => isJudge(at));
  const rights: number[] = [];
  const learners = rows.filter((_, at) => !isJudge(at));
  fitPasses(learners, new Linear(featuriser.size, classes), mostPasses, (model) => {
    rights.push(shareRight(judges, model));
  });
  const passes = rights.indexOf(Math.max(...rights)) + 1;
  const model = new Linear(featuriser.size, classes);
  fitPasses(rows, model, passes, () => undefined);
  return (text) => model.scores(featuriser.of(text));
}

interface Row {
  readonly features: Sparse;
  readonly label: number;
  readonly share: number;
}

function fitPasses(
  rows: readonly Row[],
  model: Linear,
  passes: number,
  passed: (model: Linear) => void,
): void {
  const draw = new Draw(5);
  const order = rows.map((_, at) => at);
  for (let pass = 0; pass < passes; pass += 1) {
    shuffle(order, draw);
    for (const at of order) {
      const row = rows[at];
      if (row !== undefined) model.learn(row);
    }
    passed(model);
  }
}

function shareRight(rows: readonly Row[], model: Linear): number {
  return rows.reduce((sum, { features, label, share }) => {
    const scores = model.scores(features);
    return sum + (scores.indexOf(Math.max(...scores)) === label ? share : 0);
  }, 0);
}

/** A tenth of the rows tells when to stop. */
function isJudge(at: number): boolean {
  return at % 10 === 9;
}

/** Mean 1; a class of four times the rows counts twice as much in all. */
function rowShares(labels: readonly number[], classes: number): readonly number[] {
  const counts = new Float64Array(classes);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  const weights = labels.map((label) => 1 / Math.sqrt(counts[label] ?? 1));
  const mean = weights.reduce((total, weight) => total + weight, 0) / weights.length;
  return weights.map((weight) => weight / mean);
}

function shuffle(order: number[], draw: Draw): void {
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = draw.integer(0, at);
    const kept = order[at] ?? 0;
    order[at] = order[other] ?? 0;
    order[other] = kept;
  }
}

/** Weights feature by feature, the biases last. */
class Linear {
  readonly #classes: number;
  readonly #biases: number;
  readonly #weights: Float64Array;
  /** Sum of squared slopes, by which each weight's step shrinks. */
  readonly #travelled: Float64Array;

  constructor(size: number, classes: number) {
    this.#classes = classes;
    this.#biases = size * classes;
    this.#weights = new Float64Array((size + 1) * classes);
    this.#travelled = new Float64Array((size + 1) * classes).fill(1e-4);
  }

  scores({ at, values }: Sparse): Float64Array {
    const scores = this.#weights.slice(this.#biases);
    for (let index = 0; index < at.length; index += 1) {
      const from = (at[index] ?? 0) * this.#classes;
      const value = values[index] ?? 0;
      for (let k = 0; k < scores.length; k += 1) {
        scores[k] = (scores[k] ?? 0) + value * (this.#weights[from + k] ?? 0);
      }
    }
    return scores;
  }

  learn({ features, label, share }: Row): void {
    const slopes = softmax(Array.from(this.scores(features)));
    slopes[label] = (slopes[label] ?? 0) - 1;
    for (let index = 0; index < features.at.length; index += 1) {
      this.#step(
        (features.at[index] ?? 0) * this.#classes,
        share * (features.values[index] ?? 0),
        slopes,
      );
    }
    this.#step(this.#biases, share, slopes);
  }

  #step(from: number, factor: number, slopes: readonly number[]): void {
    for (let k = 0; k < slopes.length; k += 1) {
      const slope = factor * (slopes[k] ?? 0);
      const travelled = (this.#travelled[from + k] ?? 0) + slope * slope;
      this.#travelled[from + k] = travelled;
      this.#weights[from + k] =
        (this.#weights[from + k] ?? 0) - (rate * slope) / Math.sqrt(travelled);
    }
  }
}
