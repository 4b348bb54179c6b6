/** How well each class of sentences stands by itself: what its own sentences, each left out in turn, are worth; used by regression.ts. */
import { dot } from "./vectors.ts";

/** Per class, by index. */
export interface Spread {
  /** Mean cosine of a sentence to the nearest other one of its class; 0 for a class of one. */
  readonly cohesion: Float32Array<ArrayBuffer>;
  /** That, less the mean cosine to the nearest sentence of another class. */
  readonly clearance: Float32Array<ArrayBuffer>;
}

/** A unit vector with its class and the classes that are near it, its own first. */
interface Row {
  readonly vector: Float64Array;
  readonly classes: readonly number[];
}

// So many sentences show what a class is like; the work grows with the square of their number.
const most = 20;

/** Deterministic. Rows beyond the first twenty of a class are not looked at. */
export function spreadOf(rows: readonly Row[], classes: number): Spread {
  const members = Array.from({ length: classes }, (): Row[] => []);
  for (const row of rows) {
    const own = members[row.classes[0] ?? 0];
    if (own !== undefined && own.length < most) own.push(row);
  }
  const nearest = members.map((own) => own.map((row) => nearnessOf(row, members)));
  return {
    cohesion: Float32Array.from(nearest, (found) => meanOf(found.map(({ own }) => own))),
    clearance: Float32Array.from(nearest, (found) =>
      meanOf(found.map(({ own, other }) => own - other)),
    ),
  };
}

/** The highest cosine to another sentence of the row's class, and to one of another class. */
function nearnessOf(
  row: Row,
  members: readonly (readonly Row[])[],
): { readonly own: number; readonly other: number } {
  const [label = 0, ...rivals] = row.classes;
  const highest = (among: readonly Row[], least: number): number =>
    among.reduce(
      (top, one) => (one === row ? top : Math.max(top, dot(one.vector, row.vector))),
      least,
    );
  const own = highest(members[label] ?? [], 0);
  return { own, other: rivals.reduce((top, k) => highest(members[k] ?? [], top), -1) };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
