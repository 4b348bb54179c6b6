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

// Similarities and shares mean more the nearer they are to their end.
const bends: Readonly<Partial<Record<(typeof featureNames)[number], readonly number[]>>> = {
  similarity: [0.7, 0.85],
  margin: [0.1, 0.25],
  core: [0.5],
  inSentence: [0.6],
  ofSentence: [0.6],
  accepted: [0.5],
};

const penalty = 2;
const folds = 5;
// Fewer calls than this say nothing about a share of 1 %.
const leastCalls = 400;

interface Column {
  readonly feature: (typeof featureNames)[number];
  readonly index: number;
  readonly low: number;
  readonly high: number;
  readonly above: number | null;
}

/** The weights from all samples; the meaning of scores from samples of policies that the weights did not see. */
export function fitScore(samples: readonly Sample[]): ScoreModel {
  const scored: Scored[] = [];
  for (let fold = 0; fold < folds; fold += 1) {
    const model = fitTerms(samples.filter(({ policy }) => policy % folds !== fold));
    for (const sample of samples.filter(({ policy }) => policy % folds === fold)) {
      scored.push({ sample, score: sample.isBarred ? 0 : scoreOf(model, sample.features) });
    }
  }
  const open = scored
    .filter(({ sample }) => !sample.isBarred)
    .toSorted((a, b) => b.score - a.score);
  return { ...fitTerms(samples), right: rightLine(open), wrong: wrongLine(open) };
}

function columnsOf(samples: readonly Sample[]): Column[] {
  return featureNames.flatMap((feature, index) => {
    const values = samples.map(({ features }) => features[index] ?? 0).toSorted((a, b) => a - b);
    const low = values[Math.floor(0.002 * values.length)] ?? 0;
    const high = values[Math.floor(0.998 * values.length)] ?? 0;
    const column = { feature, index, low, high };
    const bent = (bends[feature] ?? []).map((above) => ({ ...column, above }));
    return [{ ...column, above: null }, ...bent];
  });
}

function valueOf({ index, low, high, above }: Column, features: readonly number[]): number {
  const cut = Math.min(high, Math.max(low, features[index] ?? 0));
  return above === null ? cut : Math.max(0, cut - above);
}

/** Logistic regression on standardised columns, written back in the columns' own units. */
function fitTerms(samples: readonly Sample[]): ScoreModel {
  const used = samples.filter(({ isBarred }) => !isBarred);
  const columns = columnsOf(used);
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
  const terms: Term[] = columns.map(({ feature, low, high, above }, c) => ({
    feature,
    low: rounded(low),
    high: rounded(high),
    above,
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

/** Rising share right by score: pools adjacent violators, then keeps about forty points. */
function rightLine(falling: readonly Scored[]): Line {
  const pools: { x: number; right: number; count: number }[] = [];
  for (const { score, sample } of falling.toReversed()) {
    pools.push({ x: score, right: sample.isRight ? 1 : 0, count: 1 });
    for (;;) {
      const [before, last] = pools.slice(-2);
      if (before === undefined || last === undefined) break;
      if (before.right / before.count < last.right / last.count) break;
      pools.splice(-2, 2, {
        x: (before.x * before.count + last.x * last.count) / (before.count + last.count),
        right: before.right + last.right,
        count: before.count + last.count,
      });
    }
  }
  // One wrong call more than was seen, so that a short run of luck is no certainty.
  return pools
    .filter(({ count }) => count >= 20)
    .map(({ x, right, count }) => [rounded(x), rounded(right / (count + 1))] as const);
}

/** Falling share wrong among calls of at least each score; never below what a higher score has shown. */
function wrongLine(falling: readonly Scored[]): Line {
  const points: [number, number][] = [];
  let wrong = 0;
  let highest = 0;
  falling.forEach(({ score, sample }, index) => {
    wrong += sample.isRight ? 0 : 1;
    if (index + 1 < leastCalls) return;
    const share = (wrong + 1) / (index + 2);
    if (share <= highest) return;
    highest = share;
    const last = points.at(-1);
    if (last === undefined || share > last[1] * 1.05) points.push([score, share]);
  });
  return points.toReversed().map(([x, share]) => [rounded(x), rounded(share)] as const);
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
