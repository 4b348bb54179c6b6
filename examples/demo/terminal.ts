/** How the demo writes: colours on a terminal only, columns that fit its width, wide characters counted as two. */

export interface Terminal {
  readonly write: (text: string) => void;
  readonly columns: number;
  readonly paint: (style: Style, text: string) => string;
}

export type Style = "bold" | "dim" | "green" | "cyan" | "yellow" | "red" | "magenta";

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  cyan: [36, 39],
  yellow: [33, 39],
  red: [31, 39],
  magenta: [35, 39],
};

const DEFAULT_COLUMNS = 110;
const LEAST_COLUMNS = 80;
const MOST_COLUMNS = 140;

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly write: (text: string) => unknown;
}

export function terminalOn(stream: Stream, environment: NodeJS.ProcessEnv): Terminal {
  const coloured = stream.isTTY === true && environment["NO_COLOR"] === undefined;
  const columns = stream.columns ?? DEFAULT_COLUMNS;
  return {
    write: (text) => void stream.write(text),
    columns: Math.min(MOST_COLUMNS, Math.max(LEAST_COLUMNS, columns)),
    paint: (style, text) => {
      const [on, off] = CODES[style];
      return coloured ? `\u001b[${on}m${text}\u001b[${off}m` : text;
    },
  };
}

/** Exactly so many columns: cut with an ellipsis, or filled up with spaces. */
export function fitted(text: string, columns: number, side: "left" | "right" = "left"): string {
  const plain = text.replaceAll(/\s+/gu, " ").trim();
  const cut = widthOf(plain) > columns ? `${prefix(plain, columns - 1)}…` : plain;
  const space = " ".repeat(Math.max(0, columns - widthOf(cut)));
  return side === "left" ? cut + space : space + cut;
}

function prefix(text: string, columns: number): string {
  let width = 0;
  let kept = "";
  for (const { segment } of SEGMENTER.segment(text)) {
    width += widthOf(segment);
    if (width > columns) return kept;
    kept += segment;
  }
  return kept;
}

const SEGMENTER = new Intl.Segmenter();
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}]/u;

function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of SEGMENTER.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}
