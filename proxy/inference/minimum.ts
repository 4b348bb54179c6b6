/** Minimises a smooth function by L-BFGS with backtracking; used for every fit of ours. */
import { addScaled, dot } from "./vectors.ts";

/** Writes the gradient at a point and returns the value there. */
export type Evaluate = (at: Float64Array, gradient: Float64Array) => number;

const memory = 6;

interface Step {
  readonly moved: Float64Array;
  readonly turned: Float64Array;
  readonly inverse: number;
}

/** The best point after at most `steps` steps from `start`. Deterministic. */
export function minimise(evaluate: Evaluate, start: Float64Array, steps: number): Float64Array {
  let at = Float64Array.from(start);
  let gradient = new Float64Array(at.length);
  let value = evaluate(at, gradient);
  const past: Step[] = [];
  for (let step = 0; step < steps; step += 1) {
    const direction = downhill(gradient, past);
    const next = walk(evaluate, { at, gradient, value }, direction);
    if (next === null) return at;
    remember(past, difference(next.at, at), difference(next.gradient, gradient));
    if (value - next.value < 1e-9 * Math.abs(value)) return next.at;
    ({ at, gradient, value } = next);
  }
  return at;
}

interface Point {
  readonly at: Float64Array<ArrayBuffer>;
  readonly gradient: Float64Array<ArrayBuffer>;
  readonly value: number;
}

function walk(evaluate: Evaluate, from: Point, direction: Float64Array): Point | null {
  const slope = dot(from.gradient, direction);
  for (let length = 1; length > 1e-8; length /= 2) {
    const at = Float64Array.from(from.at);
    addScaled(at, direction, length);
    const gradient = new Float64Array(at.length);
    const value = evaluate(at, gradient);
    if (value <= from.value + 1e-4 * length * slope) return { at, gradient, value };
  }
  return null;
}

/** The quasi-Newton direction by the two-loop recursion. */
function downhill(gradient: Float64Array, past: readonly Step[]): Float64Array {
  const direction = gradient.map((value) => -value);
  const factors: number[] = [];
  for (const { moved, turned, inverse } of past.toReversed()) {
    const factor = inverse * dot(moved, direction);
    factors.push(factor);
    addScaled(direction, turned, -factor);
  }
  const last = past.at(-1);
  const size = Math.sqrt(dot(gradient, gradient)) || 1;
  const scale = last === undefined ? 1 / size : 1 / (last.inverse * dot(last.turned, last.turned));
  for (let d = 0; d < direction.length; d += 1) direction[d] = (direction[d] ?? 0) * scale;
  for (const { moved, turned, inverse } of past) {
    addScaled(direction, moved, (factors.pop() ?? 0) - inverse * dot(turned, direction));
  }
  return direction;
}

function remember(past: Step[], moved: Float64Array, turned: Float64Array): void {
  const curvature = dot(moved, turned);
  if (curvature <= 1e-12) return;
  past.push({ moved, turned, inverse: 1 / curvature });
  if (past.length > memory) past.shift();
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, d) => value - (b[d] ?? 0));
}
