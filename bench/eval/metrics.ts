/** Figures of a classifier, each as a function of how often a row counts, so that one bootstrap serves all. */
import { Draw } from "../intents/noise.ts";

/** A figure of rows that count as often as `weights` says; NaN where it has no meaning. */
export type Figure = (weights: Float64Array) => number;

/** A figure and its 95 % bootstrap interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const rounds = 300;

/** The figure over rows drawn again and again with the same seed. */
export function withInterval(figure: Figure, count: number, seed = 7): Interval {
  const draw = new Draw(seed);
  const weights = new Float64Array(count);
  const values: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    weights.fill(0);
    for (let pick = 0; pick < count; pick += 1) {
      const at = Math.floor(draw.share() * count);
      weights[at] = (weights[at] ?? 0) + 1;
    }
    const value = figure(weights);
    if (!Number.isNaN(value)) values.push(value);
  }
  const sorted = values.toSorted((a, b) => a - b);
  return {
    value: figure(weights.fill(1)),
    low: quantile(sorted, 0.025),
    high: quantile(sorted, 0.975),
  };
}

/** Linear between the neighbours, of values in rising order; NaN of none. */
export function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? low;
  return low + (high - low) * (at - Math.floor(at));
}

/** Share of rows that are right. */
export function accuracyOf(isRight: readonly boolean[]): Figure {
  return (weights) => {
    let right = 0;
    let all = 0;
    weights.forEach((weight, at) => {
      all += weight;
      if (isRight[at] === true) right += weight;
    });
    return right / all;
  };
}

/** Mean F1 of the classes that stand in the truth; classes are numbers from 0, and -1 is none. */
export function macroF1Of(truth: readonly number[], guess: readonly number[]): Figure {
  const classes = [...truth, ...guess].reduce((most, k) => Math.max(most, k + 1), 0);
  const judged = new Set(truth);
  return (weights) => {
    const hits = new Float64Array(classes);
    const sizes = new Float64Array(classes);
    weights.forEach((weight, at) => {
      const wanted = truth[at] ?? 0;
      const given = guess[at] ?? 0;
      if (wanted === given) hits[wanted] = (hits[wanted] ?? 0) + weight;
      sizes[wanted] = (sizes[wanted] ?? 0) + weight;
      sizes[given] = (sizes[given] ?? 0) + weight;
    });
    let sum = 0;
    let present = 0;
    sizes.forEach((size, k) => {
      if (size === 0 || !judged.has(k)) return;
      present += 1;
      sum += (2 * (hits[k] ?? 0)) / size;
    });
    return present === 0 ? Number.NaN : sum / present;
  };
}

/** Chance that a true row scores above a false one, ties counted half; NaN with one kind only. */
export function aurocOf(truth: readonly boolean[], scores: readonly number[]): Figure {
  const tied = Map.groupBy(
    scores.map((_, at) => at),
    (at) => scores[at] ?? 0,
  );
  const groups = [...tied].toSorted(([a], [b]) => a - b).map(([, rows]) => rows);
  return (weights) => {
    let falses = 0;
    let trues = 0;
    let wins = 0;
    for (const rows of groups) {
      const all = sumOf(rows, (at) => weights[at] ?? 0);
      const good = sumOf(rows, (at) => (truth[at] === true ? (weights[at] ?? 0) : 0));
      wins += good * (falses + (all - good) / 2);
      falses += all - good;
      trues += good;
    }
    return trues === 0 || falses === 0 ? Number.NaN : wins / (trues * falses);
  };
}

function sumOf(rows: readonly number[], value: (at: number) => number): number {
  let sum = 0;
  for (const at of rows) sum += value(at);
  return sum;
}

/** Mean of figures that have a meaning. */
export function meanOf(figures: readonly Figure[]): Figure {
  return (weights) => {
    const values = figures.map((figure) => figure(weights)).filter((value) => !Number.isNaN(value));
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
}

/** The figure of all rows alike. */
export function plainly(figure: Figure, count: number): number {
  return figure(new Float64Array(count).fill(1));
}

/** Mean gap of confidence and share right over equally filled bins, each by its rows. */
export function calibrationError(
  confidences: readonly number[],
  isRight: readonly boolean[],
): number {
  const rows = confidences.length;
  return reliability(confidences, isRight).reduce(
    (sum, bin) => sum + (bin.rows / rows) * Math.abs(bin.confidence - bin.right),
    0,
  );
}

/** One bin of rows that are about equally sure. */
export interface Bin {
  readonly confidence: number;
  readonly right: number;
  readonly rows: number;
}

const bins = 15;

/** Confidence against share right, surest last; bins differ by one row at most. */
export function reliability(
  confidences: readonly number[],
  isRight: readonly boolean[],
): readonly Bin[] {
  const order = confidences
    .map((_, at) => at)
    .toSorted((a, b) => (confidences[a] ?? 0) - (confidences[b] ?? 0));
  const parts = Math.min(bins, order.length);
  return Array.from({ length: parts }, (_, part) => {
    const from = Math.floor((part * order.length) / parts);
    const own = order.slice(from, Math.floor(((part + 1) * order.length) / parts));
    const sum = (value: (at: number) => number): number =>
      own.reduce((total, at) => total + value(at), 0);
    return {
      confidence: sum((at) => confidences[at] ?? 0) / own.length,
      right: sum((at) => (isRight[at] === true ? 1 : 0)) / own.length,
      rows: own.length,
    };
  });
}
