/** Lines over two logarithmic axes: times, rates and sizes differ by powers of ten. Pure. */
import type { Axis, Line, Picture } from "../plot/picture.ts";

/** A picture's words. */
export interface ChartWords {
  readonly title: string;
  readonly x: string;
  readonly y: string;
}

/** Axes from power of ten to power of ten around all points; places without a value are left out. */
export function chart({ title, x, y }: ChartWords, lines: readonly Line[]): Picture {
  const known = lines.map((line) => ({
    ...line,
    points: line.points.filter((point) => point.x > 0 && point.y > 0),
  }));
  const points = known.flatMap((line) => line.points);
  return {
    title,
    x: axis(
      x,
      points.map((point) => point.x),
    ),
    y: axis(
      y,
      points.map((point) => point.y),
    ),
    lines: known.filter((line) => line.points.length > 0),
  };
}

function axis(label: string, values: readonly number[]): Axis {
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values))));
  const ticks = Array.from({ length: last - first + 1 }, (_, at) => 10 ** (first + at));
  return { label, least: 10 ** first, most: 10 ** last, ticks, shown: plain };
}

function plain(tick: number): string {
  return tick.toLocaleString("en-US", { maximumFractionDigits: 6 });
}
