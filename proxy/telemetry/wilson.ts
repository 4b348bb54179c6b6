/** Wilson's 95 % interval of a share: also right for few trials and for shares near 0. */

/** A share with its bounds, each in [0, 1]. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const z = 1.959964;

/** `hits` of `trials`; `trials` is at least 1. Source: E. B. Wilson, 1927. */
export function wilson(hits: number, trials: number): Interval {
  const value = hits / trials;
  const scale = 1 + z ** 2 / trials;
  const centre = (value + z ** 2 / (2 * trials)) / scale;
  const spread =
    (z * Math.sqrt((value * (1 - value)) / trials + z ** 2 / (4 * trials ** 2))) / scale;
  return { value, low: Math.max(0, centre - spread), high: Math.min(1, centre + spread) };
}
