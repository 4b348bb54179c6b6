/** docs/faults.md says of every fault what its table says, in the same order, and of no other. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { errors } from "../../proxy/core/errors.ts";
import { bodyRows } from "./body-table.ts";
import { connectRows } from "./connect-table.ts";
import type { FaultRow } from "./fault-row.ts";
import { headRows } from "./head-table.ts";
import { leavingRows, type LeavingRow } from "./leaving-table.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/faults.md"), "utf8");

/** The rows of the table under a heading. */
function rowsUnder(heading: string): string[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(2);
}

function seen({ sees, ending }: FaultRow): string {
  if (sees === "part") return "the same, perhaps without the last bytes before the fault";
  if (sees !== "same") return `${errors[sees].status} \`${sees}\``;
  return ending === "cut" ? "the same, broken off as it was" : "the same";
}

function recorded({ sees, ending, detail }: FaultRow): string {
  if (sees !== "same" && sees !== "part") return `\`${sees.slice("sidestep_".length)}\`, ${detail}`;
  return detail === null ? "complete" : `${ending}, ${detail}`;
}

function faultLine(row: FaultRow): string {
  return `| ${[row.phase, row.name, seen(row), recorded(row), row.counts].join(" | ")} |`;
}

function leavingLine({ name, record, counts }: LeavingRow): string {
  const said = record === null ? "nothing: there was no call yet" : `\`${record.reason}\`, aborted`;
  return `| ${[name, said, counts].join(" | ")} |`;
}

it("lists every fault of a provider", () => {
  const rows = [...connectRows, ...headRows, ...bodyRows];
  expect(rowsUnder("What goes wrong at a provider")).toEqual(rows.map(faultLine));
});

it("lists every phase in which a caller may leave", () => {
  expect(rowsUnder("Callers who leave")).toEqual(leavingRows.map(leavingLine));
});
