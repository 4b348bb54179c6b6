/** Draws how much is answered against how much of that is wrong, a line a seed, as an SVG picture; used by replay.ts. */

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

const width = 720;
const height = 440;
const margin = { left: 70, right: 110, top: 50, bottom: 60 };
const most = { x: 0.03, y: 0.7 };
const colours = ["#1b6ca8", "#c8553d", "#3a7d44", "#7a5195"];

/** Bounds to try: fine where little is wrong. */
export const bounds: readonly number[] = [
  0.003, 0.004, 0.005, 0.0075, 0.01, 0.0125, 0.015, 0.0175, 0.02, 0.0225, 0.025, 0.0275, 0.03,
  0.035, 0.04, 0.05, 0.06, 0.08,
];
const named: ReadonlySet<number> = new Set([0.01, 0.02, 0.025, 0.03, 0.05]);

function atX(share: number): number {
  return margin.left + (share / most.x) * (width - margin.left - margin.right);
}

function atY(share: number): number {
  return height - margin.bottom - (share / most.y) * (height - margin.top - margin.bottom);
}

function inside({ coverage, wrong }: CurvePoint): boolean {
  return wrong <= most.x && coverage <= most.y;
}

/** A whole SVG document. */
export function curveSvg(curves: readonly Curve[], labels: Labels): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(width / 2, 26, labels.title, 'text-anchor="middle" font-size="16"'),
    text(width / 2, height - 16, labels.x, 'text-anchor="middle"'),
    `<g transform="translate(20 ${height / 2}) rotate(-90)">${text(0, 0, labels.y, 'text-anchor="middle"')}</g>`,
    ...[0, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03].flatMap(gridX),
    ...[0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7].flatMap(gridY),
    ...curves.flatMap((curve, at) => lineOf(curve, at)),
    "</svg>",
    "",
  ].join("\n");
}

function text(x: number, y: number, words: string, more: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${words}</text>`;
}

function gridX(share: number): readonly string[] {
  const x = atX(share).toFixed(1);
  return [
    `<line x1="${x}" x2="${x}" y1="${atY(0)}" y2="${margin.top}" stroke="#e0e0e0"/>`,
    text(atX(share), height - margin.bottom + 20, percent(share), 'text-anchor="middle"'),
  ];
}

function gridY(share: number): readonly string[] {
  const y = atY(share).toFixed(1);
  return [
    `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y}" y2="${y}" stroke="#e0e0e0"/>`,
    text(margin.left - 8, atY(share) + 4, percent(share), 'text-anchor="end"'),
  ];
}

function lineOf({ name, points }: Curve, at: number): readonly string[] {
  const colour = colours[at % colours.length] ?? "black";
  const shown = points.filter(inside);
  const path = shown.map(
    ({ wrong, coverage }) => `${atX(wrong).toFixed(1)},${atY(coverage).toFixed(1)}`,
  );
  const last = shown.at(-1);
  const dots = shown
    .filter(({ maxWrong }) => named.has(maxWrong))
    .flatMap(({ maxWrong, wrong, coverage }) => [
      `<circle cx="${atX(wrong).toFixed(1)}" cy="${atY(coverage).toFixed(1)}" r="4" fill="${colour}"/>`,
      text(
        atX(wrong) + 6,
        atY(coverage) + 14,
        percent(maxWrong),
        `fill="${colour}" font-size="11"`,
      ),
    ]);
  const end =
    last === undefined
      ? []
      : [text(atX(last.wrong) + 8, atY(last.coverage) - 4, name, `fill="${colour}"`)];
  return [
    `<polyline points="${path.join(" ")}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...dots,
    ...end,
  ];
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(2))} %`;
}
