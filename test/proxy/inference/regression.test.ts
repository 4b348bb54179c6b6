import { expect, test } from "vitest";
import { fitInThread } from "../../../proxy/inference/fit-thread.ts";
import { minimise } from "../../../proxy/inference/minimum.ts";
import { fitRegression, type Examples } from "../../../proxy/inference/regression.ts";

/** Classes on a circle in the first two of five dimensions, with seeded jitter. */
function circle(classes: number, each: number): Examples {
  let state = 1;
  const jitter = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31 - 0.5;
  };
  const rows = Array.from({ length: classes * each }, (_, at) => {
    const angle = ((at % classes) / classes) * 2 * Math.PI;
    const row = [Math.cos(angle), Math.sin(angle), 0, 0, 0].map((x) => x + 0.3 * jitter());
    const norm = Math.hypot(...row);
    return row.map((x) => x / norm);
  });
  return {
    vectors: Float32Array.from(rows.flat()),
    width: 5,
    labels: Int32Array.from(rows, (_, at) => at % classes),
    classes,
  };
}

function accuracy(
  examples: Examples,
  fitted: { weights: Float32Array; bias: Float32Array },
): number {
  const { vectors, width, labels, classes } = examples;
  const right = [...labels].filter((label, row) => {
    const scores = Array.from({ length: classes }, (_, k) =>
      Array.from(
        { length: width },
        (__, d) => (vectors[row * width + d] ?? 0) * (fitted.weights[k * width + d] ?? 0),
      ).reduce((sum, x) => sum + x, fitted.bias[k] ?? 0),
    );
    return scores.indexOf(Math.max(...scores)) === label;
  });
  return right.length / labels.length;
}

test("separates classes, also more of them than one sentence is fitted against", () => {
  for (const classes of [2, 8, 50]) {
    const examples = circle(classes, 12);
    const share = accuracy(examples, fitRegression(examples));
    expect(share).toBeGreaterThan(classes === 50 ? 0.4 : 0.95);
  }
});

test("the same examples give the same bits, in a thread of its own too", async () => {
  const examples = circle(6, 5);
  const fitted = fitRegression(examples);
  expect(fitRegression(examples)).toEqual(fitted);
  expect(await fitInThread(examples)).toEqual(fitted);
});

test("a fit that fails in its thread is rejected", async () => {
  const labels = Int32Array.of(0, 1);
  const broken = { vectors: Float32Array.of(1, 0), width: 1, labels, classes: -5 };
  await expect(fitInThread(broken)).rejects.toThrow();
});

test("finds the minimum of a bent valley", () => {
  const valley = (at: Float64Array, gradient: Float64Array): number => {
    const [x = 0, y = 0] = at;
    gradient[0] = -2 * (1 - x) - 400 * x * (y - x * x);
    gradient[1] = 200 * (y - x * x);
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2;
  };
  const [x, y] = minimise(valley, Float64Array.of(-1.2, 1), 200);
  expect(x).toBeCloseTo(1, 3);
  expect(y).toBeCloseTo(1, 3);
});

test("stays where no step goes down", () => {
  const flat = (at: Float64Array, gradient: Float64Array): number => {
    gradient.fill(1);
    return Number.isNaN(at[0]) ? 0 : 5;
  };
  expect([...minimise(flat, Float64Array.of(3), 10)]).toEqual([3]);
});
