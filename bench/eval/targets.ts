/** What a release should reach, beside what it reaches: read off the stored figures; the card shows it. */
import type { Cell, Table } from "./result.ts";
import type { Evaluation } from "./stored.ts";

/** Figures of one column, of one row or of every row, that all have to be on one side of a bound. */
interface Target {
  readonly what: string;
  /** The beginning of the table's name: names of latency tables end with the processor. */
  readonly table: string;
  /** Null takes every row. */
  readonly row: string | null;
  /** Position among the columns, the row's name being 0. */
  readonly column: number;
  readonly side: "at least" | "at most";
  readonly bound: number;
}

/** A target with the figure that is furthest from it. */
export interface Reached {
  readonly what: string;
  readonly wanted: string;
  readonly found: Cell;
  /** What it is a figure of, where there are several. */
  readonly of: string | null;
  readonly isMet: boolean;
}

const decision = (tokens: number, most: number): Target => ({
  what: `a decision at ${tokens} tokens, 2 threads, text to all outputs, p50`,
  table: "latency",
  row: `INT8, ${tokens} tokens, 2 threads`,
  column: 4,
  side: "at most",
  bound: most,
});

const targets: readonly Target[] = [
  decision(16, 1.5),
  decision(32, 2),
  decision(128, 6),
  { what: "load", table: "load", row: null, column: 1, side: "at most", bound: 300 },
  { what: "memory added", table: "load", row: null, column: 2, side: "at most", bound: 90 },
  {
    what: "INT8 of the FP32 figure, every head",
    table: "int8",
    row: null,
    column: 5,
    side: "at least",
    bound: 0.995,
  },
  {
    what: "equal decisions of INT8 and FP32, every head",
    table: "int8",
    row: null,
    column: 7,
    side: "at least",
    bound: 0.99,
  },
  {
    what: "cosine of INT8 and FP32, mean",
    table: "int8-embedding",
    row: "INT8",
    column: 2,
    side: "at least",
    bound: 0.995,
  },
  {
    what: "sentiment, GoEmotions, macro-F1",
    table: "goemotions",
    row: null,
    column: 2,
    side: "at least",
    bound: 0.74,
  },
  {
    what: "texts shared with the training, every split",
    table: "dedupe",
    row: null,
    column: 2,
    side: "at most",
    bound: 0,
  },
];

/** Every target whose figures are stored. */
export function reached({ parts }: Evaluation): readonly Reached[] {
  const tables = Object.values(parts).flatMap((part) => part?.tables ?? []);
  return targets.flatMap((target) => reachedOf(target, tables) ?? []);
}

function reachedOf(target: Target, tables: readonly Table[]): Reached | null {
  const { what, table, row, column, side, bound } = target;
  const found = tables.find(({ name }) => name === table || name.startsWith(`${table}: `));
  const rows = (found?.rows ?? []).filter(({ name }) => row === null || name === row);
  const sign = side === "at least" ? 1 : -1;
  const worst = rows
    .flatMap(({ name, cells }) => named(name, cells[column - 1]))
    .toSorted((a, b) => sign * (a.value - b.value))[0];
  if (worst === undefined) return null;
  const { unit } = worst.cell;
  return {
    what,
    wanted: `${side} ${bound}${unit === "ms" || unit === "MB" ? ` ${unit}` : ""}`,
    found: { unit, value: worst.value },
    of: rows.length > 1 ? worst.name : null,
    isMet: sign * (worst.value - bound) >= 0,
  };
}

function named(
  name: string,
  cell: Cell | undefined,
): readonly { readonly name: string; readonly cell: Cell; readonly value: number }[] {
  return cell?.value === null || cell === undefined ? [] : [{ name, cell, value: cell.value }];
}
