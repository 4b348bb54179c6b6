/** Multinomial logistic regression on unit vectors, started from class means; run by the fitting thread. */
import { spreadOf, type Spread } from "./class-spread.ts";
import { softmax } from "./heads.ts";
import { minimise } from "./minimum.ts";
import { addScaled, dot, rowsOf } from "./vectors.ts";

/** Labelled vectors. */
export interface Examples {
  /** rows x width, row by row. */
  readonly vectors: Float32Array;
  readonly width: number;
  /** Class of each row, from 0. */
  readonly labels: Int32Array;
  readonly classes: number;
}

/** The logit of class k is row k of `weights` times the vector, plus bias k. */
export interface Regression extends Spread {
  /** classes x width, row by row. */
  readonly weights: Float32Array<ArrayBuffer>;
  readonly bias: Float32Array<ArrayBuffer>;
}

/** Raised whenever the same examples give another result, so that no kept fit of the old kind is used. */
export const fitVersion = 2;

// Chosen on simulated policies: how sharp class means start, how strongly they are kept, when to stop.
const startScale = 12;
const penalty = 0.3;
const steps = 25;
// A sentence is fitted against its own class and this many of the nearest others; farther ones say nothing about it.
const rivals = 31;

/** Deterministic: the same examples give the same bits. */
export function fitRegression(examples: Examples): Regression {
  const { classes, width } = examples;
  const problem = new Problem(examples);
  const solution = minimise((at, gradient) => problem.evaluate(at, gradient), problem.start, steps);
  return {
    weights: Float32Array.from(solution.subarray(0, classes * width)),
    bias: Float32Array.from(solution.subarray(classes * width)),
    ...problem.spread(),
  };
}

/** One sentence with the classes it is fitted against, its own first. */
interface Row {
  readonly vector: Float64Array;
  readonly share: number;
  readonly classes: readonly number[];
}

/** Loss and gradient; parameters are the weights, then the biases. */
class Problem {
  readonly start: Float64Array;
  readonly #examples: Examples;
  readonly #rows: readonly Row[];

  constructor(examples: Examples) {
    const { vectors, width, classes } = examples;
    this.#examples = examples;
    const rows = rowsOf(Float64Array.from(vectors), width);
    this.start = startOf(examples, rows);
    const means = rowsOf(this.start.subarray(0, classes * width), width);
    const shares = rowShares(examples);
    this.#rows = rows.map((vector, index) => {
      const label = examples.labels[index] ?? 0;
      return {
        vector,
        share: shares[index] ?? 0,
        classes: [label, ...nearest(vector, means, label)],
      };
    });
  }

  /** How well each class stands by itself. */
  spread(): Spread {
    return spreadOf(this.#rows, this.#examples.classes);
  }

  /** Writes the gradient and returns the loss. */
  evaluate(at: Float64Array, gradient: Float64Array): number {
    const { classes, width } = this.#examples;
    gradient.fill(0);
    const weights = rowsOf(at.subarray(0, classes * width), width);
    const slopes = rowsOf(gradient.subarray(0, classes * width), width);
    const bias = at.subarray(classes * width);
    const biasSlopes = gradient.subarray(classes * width);
    let loss = 0;
    for (const row of this.#rows) {
      const shares = softmax(
        row.classes.map((k) => dot(row.vector, weights[k] ?? row.vector) + (bias[k] ?? 0)),
      );
      loss -= row.share * Math.log((shares[0] ?? 0) + 1e-12);
      row.classes.forEach((k, index) => {
        const error = row.share * ((shares[index] ?? 0) - (index === 0 ? 1 : 0));
        const slope = slopes[k];
        if (slope === undefined) return;
        addScaled(slope, row.vector, error);
        biasSlopes[k] = (biasSlopes[k] ?? 0) + error;
      });
    }
    return loss + this.#hold(at, gradient);
  }

  /** The pull back to the class means. */
  #hold(at: Float64Array, gradient: Float64Array): number {
    const { classes, width, labels } = this.#examples;
    const factor = penalty / (labels.length * classes);
    let loss = 0;
    for (let index = 0; index < classes * width; index += 1) {
      const away = (at[index] ?? 0) - (this.start[index] ?? 0);
      loss += 0.5 * factor * away * away;
      gradient[index] = (gradient[index] ?? 0) + factor * away;
    }
    return loss;
  }
}

/** The classes whose means are nearest, without `own`. */
function nearest(
  vector: Float64Array,
  means: readonly Float64Array[],
  own: number,
): readonly number[] {
  return means
    .map((mean, k) => ({ k, score: dot(vector, mean) }))
    .filter(({ k }) => k !== own)
    .toSorted((a, b) => b.score - a.score || a.k - b.k)
    .slice(0, rivals)
    .map(({ k }) => k);
}

/** Each class counts alike, however many sentences it has. */
function rowShares({ labels, classes }: Examples): Float64Array {
  const counts = new Float64Array(classes);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  const filled = counts.reduce((total, count) => total + (count > 0 ? 1 : 0), 0);
  return Float64Array.from(labels, (label) => 1 / (filled * (counts[label] ?? 1)));
}

function startOf(
  { width, labels, classes }: Examples,
  rows: readonly Float64Array[],
): Float64Array {
  const start = new Float64Array(classes * (width + 1));
  const means = rowsOf(start.subarray(0, classes * width), width);
  rows.forEach((row, index) => {
    const mean = means[labels[index] ?? 0];
    if (mean !== undefined) addScaled(mean, row, 1);
  });
  for (const mean of means) {
    const norm = Math.sqrt(dot(mean, mean)) || 1;
    mean.forEach((value, d) => {
      mean[d] = (value * startScale) / norm;
    });
  }
  return start;
}
