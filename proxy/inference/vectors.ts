/** The few vector operations that matching and fitting share. */

type Vector = Float64Array | Float32Array;

/** Sum of products; both of the same width. Two sums at a time keep the processor busy. */
export function dot(a: Vector, b: Vector): number {
  let even = 0;
  let odd = 0;
  for (let d = 0; d + 1 < a.length; d += 2) {
    even += (a[d] ?? 0) * (b[d] ?? 0);
    odd += (a[d + 1] ?? 0) * (b[d + 1] ?? 0);
  }
  const rest = a.length % 2 === 0 ? 0 : (a.at(-1) ?? 0) * (b[a.length - 1] ?? 0);
  return even + odd + rest;
}

/** target += factor * source. */
export function addScaled(target: Float64Array, source: Float64Array, factor: number): void {
  for (let d = 0; d < target.length; d += 1) {
    target[d] = (target[d] ?? 0) + factor * (source[d] ?? 0);
  }
}

/** Views of a flat matrix's rows. */
export function rowsOf(flat: Float64Array, width: number): Float64Array[] {
  const rows: Float64Array[] = [];
  for (let at = 0; at + width <= flat.length; at += width) rows.push(flat.subarray(at, at + width));
  return rows;
}

/** Rows laid one after the other. */
export function flattened(rows: readonly Float32Array[], width: number): Float32Array<ArrayBuffer> {
  const flat = new Float32Array(rows.length * width);
  rows.forEach((row, at) => flat.set(row.subarray(0, width), at * width));
  return flat;
}

/** The mean direction, of length 1; all zero for vectors that cancel out. */
export function normalisedMean(vectors: readonly Float32Array[]): Float32Array {
  const sum = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) addScaled(sum, Float64Array.from(vector), 1);
  const norm = Math.sqrt(dot(sum, sum)) || 1;
  return Float32Array.from(sum, (value) => value / norm);
}
