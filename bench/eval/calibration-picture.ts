/** Stated probability against what was so, of one line a head or label; the diagonal is what is promised. */
import { ticksTo, type Line } from "../plot/picture.ts";
import type { Bin } from "./metrics.ts";
import type { Drawn } from "./result.ts";

/** How the picture is called. */
export interface Titles {
  readonly file: string;
  readonly title: string;
  readonly y: string;
}

const even: Line = {
  name: "",
  points: [
    { x: 0, y: 0 },
    { x: 1, y: 1 },
  ],
  isDashed: true,
};

/** A line for each named list of bins. */
export function calibrationPicture(
  { file, title, y }: Titles,
  groups: readonly { readonly name: string; readonly bins: readonly Bin[] }[],
): Drawn {
  const ticks = ticksTo(1, 0.1);
  const lines = groups.map(({ name, bins }): Line => ({
    name,
    points: bins.map(({ confidence, right }) => ({ x: confidence, y: right })),
  }));
  const x = { label: "stated probability", most: 1, ticks };
  return { file, picture: { title, x, y: { label: y, most: 1, ticks }, lines: [...lines, even] } };
}
