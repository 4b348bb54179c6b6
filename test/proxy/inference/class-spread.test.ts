/** What a class's own sentences are worth, each left out in turn. */
import { expect, test } from "vitest";
import { spreadOf } from "../../../proxy/inference/class-spread.ts";
import { fitRegression } from "../../../proxy/inference/regression.ts";

/** A direction in the plane, by its angle in degrees. */
function at(degrees: number): Float64Array {
  const angle = (degrees * Math.PI) / 180;
  return Float64Array.of(Math.cos(angle), Math.sin(angle));
}

function cosine(degrees: number): number {
  return Math.cos((degrees * Math.PI) / 180);
}

test("a sentence is compared with the others of its class and the nearest of another, never with itself", () => {
  const rows = [
    { vector: at(0), classes: [0, 1] },
    { vector: at(10), classes: [0, 1] },
    { vector: at(60), classes: [1, 0] },
    { vector: at(90), classes: [1, 0] },
  ];
  const { cohesion, clearance } = spreadOf(rows, 2);
  expect(cohesion[0]).toBeCloseTo(cosine(10), 5);
  expect(clearance[0]).toBeCloseTo(cosine(10) - (cosine(60) + cosine(50)) / 2, 5);
  expect(cohesion[1]).toBeCloseTo(cosine(30), 5);
  expect(clearance[1]).toBeCloseTo(cosine(30) - (cosine(50) + cosine(80)) / 2, 5);
});

test("a class of one sentence has nothing that speaks for it", () => {
  const rows = [
    { vector: at(0), classes: [0, 1] },
    { vector: at(60), classes: [1, 0] },
    { vector: at(60), classes: [1, 0] },
  ];
  const { cohesion, clearance } = spreadOf(rows, 2);
  expect([cohesion[0], cohesion[1]]).toEqual([0, 1]);
  expect(clearance[0]).toBeCloseTo(-0.5, 5);
  expect(clearance[1]).toBeCloseTo(0.5, 5);
});

test("of a large class twenty sentences speak for all", () => {
  const twenty = Array.from({ length: 20 }, (_, k) => ({ vector: at(k), classes: [0] }));
  const more = [...twenty, { vector: at(180), classes: [0] }];
  expect(spreadOf(more, 1)).toEqual(spreadOf(twenty, 1));
});

test("comes with every fit, one number a class", () => {
  const vectors = Float32Array.from([at(0), at(10), at(60), at(90)].flatMap((row) => [...row]));
  const labels = Int32Array.of(0, 0, 1, 1);
  const fitted = fitRegression({ vectors, width: 2, labels, classes: 2 });
  const rounded = (values: Float32Array): number[] =>
    [...values].map((value) => Number(value.toFixed(3)));
  expect(rounded(fitted.cohesion)).toEqual([0.985, 0.866]);
  expect(rounded(fitted.clearance)).toEqual([0.413, 0.458]);
});
