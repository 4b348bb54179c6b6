/** Fits the score that tells right matches from wrong ones, and reads off simulated calls what each score has meant. */
import {
  scoreOf,
  type Line,
  type ScoreModel,
  type Term,
} from "../../proxy/inference/calibration.ts";
import { sigmoid } from "../../proxy/inference/heads.ts";
import { featureNames } from "../../proxy/inference/matcher.ts";
import { minimise } from "../../proxy/inference/minimum.ts";
import type { Sample } from "./simulation.ts";

const penalty = 2;
const folds = 5;

interface Column {
  readonly feature: string;
  readonly index: number;
  readonly low: number;
  readonly high: number;
}

/** The weights from all samples; the meaning of scores from samples of policies that the weights did not see. */
export function fitScore(
  samples: readonly Sample[],
  names: readonly string[] = featureNames,
): ScoreModel {
  const scored: Scored[] = [];
  for (let fold = 0; fold < folds; fold += 1) {
    const model = fitTerms(
      samples.filter(({ policy }) => policy % folds !== fold),
      names,
    );
    for (const sample of samples.filter(({ policy }) => policy % folds === fold)) {
      scored.push({ sample, score: sample.isBarred ? 0 : scoreOf(model, sample.features, names) });
    }
  }
  const open = scored
    .filter(({ sample }) => !sample.isBarred)
    .toSorted((a, b) => b.score - a.score);
  const pools = poolsOf(open);
  return { ...fitTerms(samples, names), right: rightLine(pools), wrong: wrongLine(pools) };
}

function columnsOf(samples: readonly Sample[], names: readonly string[]): Column[] {
  return names.map((feature, index) => {
    const values = samples.map(({ features }) => features[index] ?? 0).toSorted((a, b) => a - b);
    const low = values[Math.floor(0.002 * values.length)] ?? 0;
    const high = values[Math.floor(0.998 * values.length)] ?? 0;
    return { feature, index, low, high };
  });
}

function valueOf({ index, low, high }: Column, features: readonly number[]): number {
  return Math.min(high, Math.max(low, features[index] ?? 0));
}

/** Logistic regression on standardised columns, written back in the columns' own units. */
function fitTerms(samples: readonly Sample[], names: readonly string[]): ScoreModel {
  const used = samples.filter(({ isBarred }) => !isBarred);
  const columns = columnsOf(used, names);
  const raw = used.map(({ features }) => columns.map((column) => valueOf(column, features)));
  const mean = columns.map((_, c) => raw.reduce((sum, row) => sum + (row[c] ?? 0), 0) / raw.length);
  const scale = columns.map((_, c) => {
    const squares = raw.reduce((sum, row) => sum + ((row[c] ?? 0) - (mean[c] ?? 0)) ** 2, 0);
    return Math.sqrt(squares / raw.length) || 1;
  });
  const rows = raw.map((row) => row.map((x, c) => (x - (mean[c] ?? 0)) / (scale[c] ?? 1)));
  const weights = fitWeights(
    rows,
    used.map(({ isRight }) => isRight),
  );
  const terms: Term[] = columns.map(({ feature, low, high }, c) => ({
    feature,
    low: rounded(low),
    high: rounded(high),
    weight: rounded((weights[c] ?? 0) / (scale[c] ?? 1)),
  }));
  const shift = columns.reduce(
    (sum, _, c) => sum + ((weights[c] ?? 0) * (mean[c] ?? 0)) / (scale[c] ?? 1),
    0,
  );
  return { bias: rounded((weights[columns.length] ?? 0) - shift), terms, right: [], wrong: [] };
}

function fitWeights(
  rows: readonly (readonly number[])[],
  rights: readonly boolean[],
): Float64Array {
  const width = rows[0]?.length ?? 0;
  const evaluate = (at: Float64Array, gradient: Float64Array): number => {
    gradient.fill(0);
    let loss = 0;
    rows.forEach((row, index) => {
      const z = row.reduce((sum, x, c) => sum + x * (at[c] ?? 0), at[width] ?? 0);
      const p = sigmoid(z);
      const isRight = rights[index] === true;
      loss -= Math.log((isRight ? p : 1 - p) + 1e-12);
      const error = p - (isRight ? 1 : 0);
      row.forEach((x, c) => {
        gradient[c] = (gradient[c] ?? 0) + error * x;
      });
      gradient[width] = (gradient[width] ?? 0) + error;
    });
    for (let c = 0; c < width; c += 1) {
      loss += 0.5 * penalty * (at[c] ?? 0) ** 2;
      gradient[c] = (gradient[c] ?? 0) + penalty * (at[c] ?? 0);
    }
    return loss;
  };
  return minimise(evaluate, new Float64Array(width + 1), 200);
}

interface Scored {
  readonly score: number;
  readonly sample: Sample;
}

/** Neighbours by score, over which the share right is the same. */
interface Pool {
  /** Mean and least score. */
  readonly mean: number;
  readonly least: number;
  readonly right: number;
  readonly count: number;
}

/** Pools adjacent violators, so that the share right rises with the score; by rising score. */
function poolsOf(falling: readonly Scored[]): readonly Pool[] {
  const pools: Pool[] = [];
  for (const { score, sample } of falling.toReversed()) {
    pools.push({ mean: score, least: score, right: sample.isRight ? 1 : 0, count: 1 });
    for (;;) {
      const [before, last] = pools.slice(-2);
      if (before === undefined || last === undefined) break;
      if (before.right / before.count < last.right / last.count) break;
      pools.splice(-2, 2, joined(before, last));
    }
  }
  return pools;
}

function joined(low: Pool, high: Pool): Pool {
  const count = low.count + high.count;
  return {
    mean: (low.mean * low.count + high.mean * high.count) / count,
    least: low.least,
    right: low.right + high.right,
    count,
  };
}

/** Rising share right by score. */
function rightLine(pools: readonly Pool[]): Line {
  // One wrong call more than was seen, so that a short run of luck is no certainty.
  return pools
    .filter(({ count }) => count >= 20)
    .map(({ mean, right, count }) => [rounded(mean), rounded(right / (count + 1))] as const);
}

/**
 * Falling share wrong among calls of at least each score, one wrong call more than was seen. Since the share of each
 * pool falls with the score, a higher score is at most as wrong as a lower one, however few calls reach it.
 */
function wrongLine(pools: readonly Pool[]): Line {
  let wrong = 1;
  let count = 2;
  const points = pools.toReversed().map((pool) => {
    wrong += pool.count - pool.right;
    count += pool.count;
    return [pool.least, wrong / count] as const;
  });
  let lowest = 1;
  const line: (readonly [number, number])[] = [];
  for (const [score, share] of points.toReversed()) {
    if (share >= lowest) continue;
    lowest = share;
    line.push([rounded(score), rounded(share)]);
  }
  return line;
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

/** Share of right calls that are answered when the share wrong is held at `most`, for the report. */
export function coverageAt(
  model: ScoreModel,
  samples: readonly Sample[],
  most: number,
): { coverage: number; wrong: number } {
  const threshold = model.wrong.find(([, share]) => share <= most)?.[0] ?? Infinity;
  const answered = samples.filter(
    (sample) => !sample.isBarred && scoreOf(model, sample.features) >= threshold,
  );
  const right = answered.filter(({ isRight }) => isRight).length;
  const possible = samples.filter(({ isRight }) => isRight).length;
  return {
    coverage: right / Math.max(1, possible),
    wrong: (answered.length - right) / Math.max(1, answered.length),
  };
}
