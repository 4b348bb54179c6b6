/** What a part of the bench measured: tables of figures with one value a round, their medians and ratios. Pure. */
import type { Line, Picture } from "../plot/picture.ts";

/** One value a round, in the rounds' order. */
export type Values = readonly number[];

/** How a figure is shown. */
export type Unit = "per second" | "ms" | "s" | "MB" | "KB" | "times" | "count" | "percent";

export interface Column {
  readonly key: string;
  readonly name: string;
  readonly unit: Unit;
}

export interface Row {
  readonly name: string;
  readonly cells: Readonly<Record<string, Values>>;
}

export interface Table {
  /** For programs: `through-32`. */
  readonly name: string;
  readonly title: string;
  /** What the rows are. */
  readonly subject: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** What a reader must know to read it. */
  readonly note?: string;
}

/** A bar and what was reached; null where it could not be measured. */
export interface Target {
  readonly text: string;
  readonly value: number | null;
  readonly unit: Unit;
  readonly bar: number;
  readonly isMost: boolean;
}

/** A picture and its name, which its file gets. */
export interface Drawn {
  readonly name: string;
  readonly picture: Picture;
}

/** What one part hands back. */
export interface PartResult {
  readonly tables: readonly Table[];
  readonly pictures: readonly Drawn[];
  readonly targets: readonly Target[];
}

/** The middle value; NaN when there is none. */
export function median(values: Values): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b);
  const above = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const below = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return (above + below) / 2;
}

/** Round by round, so that what slowed a whole round down falls out; rounds that one of them lacks are left out. */
export function ratios(of: Values, to: Values): Values {
  return of.slice(0, to.length).map((value, round) => value / (to[round] ?? Number.NaN));
}

/** Round by round `of` less `from`. */
export function differences(of: Values, from: Values): Values {
  return of.slice(0, from.length).map((value, round) => value - (from[round] ?? Number.NaN));
}

/** Collects what rounds gave, row by row, in the order in which rows came first. */
export class Rounds {
  readonly #rows: Map<string, Map<string, number[]>> = new Map();

  add(name: string, figures: Readonly<Record<string, number>>): void {
    const row = this.#rows.get(name) ?? new Map<string, number[]>();
    this.#rows.set(name, row);
    for (const [key, value] of Object.entries(figures)) {
      const values = row.get(key) ?? [];
      row.set(key, [...values, value]);
    }
  }

  rows(): readonly Row[] {
    return [...this.#rows].map(([name, cells]) => ({ name, cells: Object.fromEntries(cells) }));
  }
}

/** Another column that is made from two rows' values of one column. */
export interface Derived {
  readonly column: Column;
  /** The column it is made from. */
  readonly of: string;
  /** The row that every row is held against. */
  readonly against: string;
  readonly by: (of: Values, against: Values) => Values;
}

/** The table with the column added at its end; rows without the value, and the whole table without `against`, get none. */
export function withDerived(table: Table, derived: Derived): Table {
  const base = cellOf(table, derived.against, derived.of);
  if (base === null) return table;
  const rows = table.rows.map((row) => {
    const own = row.cells[derived.of];
    if (own === undefined) return row;
    return { ...row, cells: { ...row.cells, [derived.column.key]: derived.by(own, base) } };
  });
  return { ...table, columns: [...table.columns, derived.column], rows };
}

/** The table with what each row has more of a column than `against`. */
export function withAdded(table: Table, of: string, against: string): Table {
  const from = table.columns.find(({ key }) => key === of);
  if (from === undefined) return table;
  const column = { ...from, key: `added-${of}`, name: `added ${from.name}` };
  return withDerived(table, { column, of, against, by: differences });
}

/** The median of one cell of one of the tables; null when none has it. */
export function middleIn(tables: readonly Table[], at: CellAt): number | null {
  const table = tables.find(({ name }) => name === at.table);
  return table === undefined ? null : middleOf(table, at.row, at.column);
}

/** Where a cell is. */
export interface CellAt {
  readonly table: string;
  readonly row: string;
  readonly column: string;
}

/** The values of one cell; null when the table has none. */
export function cellOf(table: Table, row: string, column: string): Values | null {
  return table.rows.find(({ name }) => name === row)?.cells[column] ?? null;
}

/** The median of one cell; null when the table has none. */
function middleOf(table: Table, row: string, column: string): number | null {
  const values = cellOf(table, row, column);
  return values === null ? null : median(values);
}

/** One line a row: the median of `column` in each of the tables, over what `x` says of the table. */
export function linesOver(
  tables: readonly { readonly x: number; readonly table: Table }[],
  column: string,
): readonly Line[] {
  const names = new Set(tables.flatMap(({ table }) => table.rows.map(({ name }) => name)));
  return [...names].map((name) => ({
    name,
    points: tables.flatMap(({ x, table }) => {
      const y = middleOf(table, name, column);
      return y === null || Number.isNaN(y) ? [] : [{ x, y }];
    }),
  }));
}

/** Whether a target was reached; null when it was not measured. */
export function isReached({ value, bar, isMost }: Target): boolean | null {
  if (value === null || Number.isNaN(value)) return null;
  return isMost ? value <= bar : value >= bar;
}
