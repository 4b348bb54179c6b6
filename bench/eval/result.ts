/** What every part of the evaluation hands back: tables of figures, and pictures. */
import type { Picture } from "../plot/picture.ts";
import type { Interval } from "./metrics.ts";

/** How a figure is shown and how far it may move before it counts as changed. */
export type Unit = "share" | "count" | "ms" | "MB";

/** A figure, maybe with its interval; null where there is none. */
export interface Cell {
  readonly unit: Unit;
  readonly value: number | null;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
}

/** A row of figures, one a column. */
export interface TableRow {
  readonly name: string;
  readonly cells: readonly Cell[];
}

/** Figures with a title, and what a reader must know to read them. */
export interface Table {
  readonly name: string;
  readonly title: string;
  /** Of the row's name first. */
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
  readonly note?: string | undefined;
}

/** A picture and its file's name, without folder. */
export interface Drawn {
  readonly file: string;
  readonly picture: Picture;
}

/** One part's figures. */
export interface PartResult {
  readonly tables: readonly Table[];
  readonly pictures: readonly Drawn[];
}

/** A share without interval; NaN is none. */
export function share(value: number): Cell {
  return { unit: "share", value: known(value) };
}

/** A share with its interval. */
export function shareBetween({ value, low, high }: Interval): Cell {
  if (Number.isNaN(value)) return share(value);
  return { unit: "share", value: rounded(value), low: rounded(low), high: rounded(high) };
}

/** A number of rows. */
export function count(value: number): Cell {
  return { unit: "count", value };
}

/** Milliseconds, or megabytes. */
export function measured(value: number, unit: "ms" | "MB"): Cell {
  return { unit, value: Number.isNaN(value) ? null : Number(value.toFixed(2)) };
}

/** No figure. */
export const none: Cell = { unit: "share", value: null };

function known(value: number): number | null {
  return Number.isNaN(value) ? null : rounded(value);
}

function rounded(value: number): number {
  return Number(value.toFixed(5));
}
