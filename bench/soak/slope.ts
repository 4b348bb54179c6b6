/** Whether a series grows: the straight line through it, with an interval that minds that neighbours are alike. */

import { fraction } from "../../examples/simulated-cloud/random.ts";

export interface Slope {
  /** Per unit of time. */
  readonly slope: number;
  readonly low: number;
  readonly high: number;
  readonly samples: number;
}

export interface Sample {
  readonly at: number;
  readonly value: number;
}

const resamples = 1000;

/**
 * Least squares, with the 95 % interval of a bootstrap over blocks of neighbouring residuals: samples
 * of memory a second apart say nearly the same, so that single ones would make the interval too narrow.
 */
export function slopeOf(samples: readonly Sample[], blockLength: number, seed: number): Slope {
  const fit = lineThrough(samples);
  const residuals = samples.map(({ at, value }) => value - fit.at(at));
  const drawn = Array.from({ length: resamples }, (_, round) => {
    const moved = blocksOf(residuals, blockLength, (draw) => fraction(seed, round, draw));
    return lineThrough(
      samples.map(({ at }, index) => ({ at, value: fit.at(at) + (moved[index] ?? 0) })),
    ).slope;
  }).toSorted((a, b) => a - b);
  const quantile = (part: number): number => drawn[Math.round(part * (resamples - 1))] ?? 0;
  return { slope: fit.slope, low: quantile(0.025), high: quantile(0.975), samples: samples.length };
}

function lineThrough(samples: readonly Sample[]): { slope: number; at: (x: number) => number } {
  const mean = (of: (sample: Sample) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / Math.max(1, samples.length);
  const [meanAt, meanValue] = [mean(({ at }) => at), mean(({ value }) => value)];
  const spread = samples.reduce((sum, { at }) => sum + (at - meanAt) ** 2, 0);
  const joint = samples.reduce(
    (sum, { at, value }) => sum + (at - meanAt) * (value - meanValue),
    0,
  );
  const slope = spread === 0 ? 0 : joint / spread;
  return { slope, at: (x) => meanValue + slope * (x - meanAt) };
}

function blocksOf(
  values: readonly number[],
  length: number,
  random: (draw: number) => number,
): number[] {
  const size = Math.max(1, Math.min(length, values.length));
  const moved: number[] = [];
  while (moved.length < values.length) {
    const from = Math.floor(random(moved.length) * (values.length - size + 1));
    moved.push(...values.slice(from, from + size));
  }
  return moved.slice(0, values.length);
}
