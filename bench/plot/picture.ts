/** Draws lines over two axes as an SVG document; used by the replay's curve, the model's evaluation and the speed bench. */

/** A place in the axes' own units. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** One line, its name at its end, and named dots on it. */
export interface Line {
  readonly name: string;
  readonly points: readonly Place[];
  readonly marks?: readonly (Place & { readonly name: string })[];
  /** For what is compared with rather than measured. */
  readonly isDashed?: boolean;
}

/** From 0 to `most`, or by powers from `least`. */
export interface Axis {
  readonly label: string;
  readonly most: number;
  readonly ticks: readonly number[];
  /** Makes the axis logarithmic; what is less is drawn here. */
  readonly least?: number;
  /** How a tick is written; a share in percent when not said. */
  readonly shown?: (tick: number) => string;
}

/** A whole picture. */
export interface Picture {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
}

const width = 720;
const height = 440;
const margin = { left: 70, right: 110, top: 50, bottom: 60 };
const colours = ["#1b6ca8", "#c8553d", "#3a7d44", "#7a5195", "#b8860b", "#5f6b6d"];

/** Ticks at multiples of `step` up to `most`. */
export function ticksTo(most: number, step: number): readonly number[] {
  const count = Math.round(most / step);
  return Array.from({ length: count + 1 }, (_, at) => Number((at * step).toFixed(6)));
}

/** A whole SVG document; points outside the axes are left out. */
export function pictureSvg(picture: Picture): string {
  const { title, x, y, lines } = picture;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text({ x: width / 2, y: 26 }, title, 'text-anchor="middle" font-size="16"'),
    text({ x: width / 2, y: height - 16 }, x.label, 'text-anchor="middle"'),
    `<g transform="translate(20 ${height / 2}) rotate(-90)">${text({ x: 0, y: 0 }, y.label, 'text-anchor="middle"')}</g>`,
    ...x.ticks.flatMap((share) => gridX(share, picture)),
    ...y.ticks.flatMap((share) => gridY(share, picture)),
    ...lines.flatMap((line, at) => lineOf(line, colours[at % colours.length] ?? "black", picture)),
    "</svg>",
    "",
  ].join("\n");
}

function onPaper(place: Place, { x, y }: Picture): Place {
  return {
    x: margin.left + along(place.x, x) * (width - margin.left - margin.right),
    y: height - margin.bottom - along(place.y, y) * (height - margin.top - margin.bottom),
  };
}

/** How far along its axis a value lies, from 0 to 1. */
function along(value: number, { least, most }: Axis): number {
  if (least === undefined) return value / most;
  return Math.log(Math.max(value, least) / least) / Math.log(most / least);
}

function tickText(tick: number, { shown }: Axis): string {
  return shown === undefined ? percentText(tick, 2) : shown(tick);
}

function text(at: Place, words: string, more: string): string {
  return `<text x="${at.x.toFixed(1)}" y="${at.y.toFixed(1)}" ${more}>${escaped(words)}</text>`;
}

function escaped(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function gridX(share: number, picture: Picture): readonly string[] {
  const at = onPaper({ x: share, y: 0 }, picture);
  const x = at.x.toFixed(1);
  return [
    `<line x1="${x}" x2="${x}" y1="${at.y}" y2="${margin.top}" stroke="#e0e0e0"/>`,
    text(
      { x: at.x, y: height - margin.bottom + 20 },
      tickText(share, picture.x),
      'text-anchor="middle"',
    ),
  ];
}

function gridY(share: number, picture: Picture): readonly string[] {
  const at = onPaper({ x: 0, y: share }, picture);
  const y = at.y.toFixed(1);
  return [
    `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y}" y2="${y}" stroke="#e0e0e0"/>`,
    text({ x: margin.left - 8, y: at.y + 4 }, tickText(share, picture.y), 'text-anchor="end"'),
  ];
}

function lineOf(line: Line, colour: string, picture: Picture): readonly string[] {
  const isInside = ({ x, y }: Place): boolean => x <= picture.x.most && y <= picture.y.most;
  const shown = line.points.filter(isInside).map((place) => onPaper(place, picture));
  const path = shown.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`);
  const dash = line.isDashed === true ? ' stroke-dasharray="5 4"' : "";
  const last = shown.at(-1);
  return [
    `<polyline points="${path.join(" ")}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>`,
    ...(line.marks ?? [])
      .filter(isInside)
      .flatMap((mark) => dotOf(onPaper(mark, picture), mark.name, colour)),
    ...(last === undefined
      ? []
      : [text({ x: last.x + 8, y: last.y - 4 }, line.name, `fill="${colour}"`)]),
  ];
}

function dotOf(at: Place, name: string, colour: string): readonly string[] {
  const { x, y } = at;
  return [
    `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="4" fill="${colour}"/>`,
    text({ x: x + 6, y: y + 14 }, name, `fill="${colour}" font-size="11"`),
  ];
}

/** A share in percent with at most so many places. */
export function percentText(share: number, places: number): string {
  return `${Number((100 * share).toFixed(places))} %`;
}
