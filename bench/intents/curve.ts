/** How much is answered against how much of that is wrong, a line a seed, as a picture; used by replay.ts. */
import { percentText, pictureSvg, ticksTo, type Line } from "../plot/picture.ts";

/** What one bound on the estimated share wrong gave. */
export interface CurvePoint {
  readonly maxWrong: number;
  /** Share of the answerable rows that were answered rightly, and share of the answers that were wrong. */
  readonly coverage: number;
  readonly wrong: number;
}

/** One line and its name. */
export interface Curve {
  readonly name: string;
  readonly points: readonly CurvePoint[];
}

/** The picture's text. */
export interface Labels {
  readonly title: string;
  readonly x: string;
  readonly y: string;
}

const most = { x: 0.03, y: 0.7 };

/** Bounds to try: fine where little is wrong. */
export const bounds: readonly number[] = [
  0.003, 0.004, 0.005, 0.0075, 0.01, 0.0125, 0.015, 0.0175, 0.02, 0.0225, 0.025, 0.0275, 0.03,
  0.035, 0.04, 0.05, 0.06, 0.08,
];
const named: ReadonlySet<number> = new Set([0.01, 0.02, 0.025, 0.03, 0.05]);

/** A whole SVG document. */
export function curveSvg(curves: readonly Curve[], labels: Labels): string {
  return pictureSvg({
    title: labels.title,
    x: { label: labels.x, most: most.x, ticks: ticksTo(most.x, 0.005) },
    y: { label: labels.y, most: most.y, ticks: ticksTo(most.y, 0.1) },
    lines: curves.map(lineOf),
  });
}

function lineOf({ name, points }: Curve): Line {
  const places = points.map(({ wrong: x, coverage: y }) => ({ x, y }));
  const marks = points
    .filter(({ maxWrong }) => named.has(maxWrong))
    .map(({ maxWrong, wrong: x, coverage: y }) => ({ x, y, name: percentText(maxWrong, 2) }));
  return { name, points: places, marks };
}
