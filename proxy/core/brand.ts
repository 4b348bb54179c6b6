/** Branded numbers: a bare number cannot be passed where a calibrated one is meant. */
declare const tag: unique symbol;

/** A calibrated probability in [0, 1]. */
export type Probability = number & { readonly [tag]: "Probability" };

/** A signal's score in [0, 1]; higher is harder. */
export type Score = number & { readonly [tag]: "Score" };

/** Clamps to [0, 1]; what is not a number becomes 0, the side on which nothing is answered. */
export function probability(value: number): Probability {
  return clamped(value) as Probability;
}

/** Clamps to [0, 1]; what is not a number becomes 1, the hard side. */
export function score(value: number): Score {
  return (Number.isNaN(value) ? 1 : clamped(value)) as Score;
}

function clamped(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.min(1, Math.max(0, value));
}
