/** Holds fresh figures against stored ones: what moved further than it may. */
import type { Cell, Table } from "./result.ts";
import type { StoredPart } from "./stored.ts";

/** One figure that differs, and where it stands. */
export interface Difference {
  readonly place: string;
  readonly stored: string;
  readonly fresh: string;
}

/** Shares may differ by `tolerance`, counts not at all; times and memory depend on the machine and are not compared. */
export function differences(
  stored: StoredPart | undefined,
  fresh: StoredPart,
  tolerance: number,
): readonly Difference[] {
  const old = figuresOf(stored?.tables ?? []);
  const now = figuresOf(fresh.tables);
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((place) => {
    const before = old.get(place);
    const after = now.get(place);
    if (isSame(before, after, tolerance)) return [];
    return [{ place, stored: textOf(before), fresh: textOf(after) }];
  });
}

function figuresOf(tables: readonly Table[]): ReadonlyMap<string, Cell> {
  const found = new Map<string, Cell>();
  for (const { name, columns, rows } of tables) {
    for (const row of rows) {
      row.cells.forEach((cell, at) => {
        if (cell.unit !== "ms" && cell.unit !== "MB") {
          found.set(`${name} / ${row.name} / ${columns[at + 1] ?? ""} (${at + 1})`, cell);
        }
      });
    }
  }
  return found;
}

function isSame(before: Cell | undefined, after: Cell | undefined, tolerance: number): boolean {
  if (before === undefined || after === undefined || before.unit !== after.unit) return false;
  if (before.value === null || after.value === null) return before.value === after.value;
  const most = before.unit === "count" ? 0 : tolerance;
  return Math.abs(before.value - after.value) <= most + 1e-9;
}

function textOf(cell: Cell | undefined): string {
  return cell === undefined ? "absent" : String(cell.value);
}
