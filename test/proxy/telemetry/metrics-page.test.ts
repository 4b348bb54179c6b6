/** docs/metrics.md lists every metric of the table with its kind, labels and meaning, and no other. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { metricTable } from "../../../proxy/telemetry/metric-table.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/metrics.md"), "utf8");

describe("docs/metrics.md", () => {
  it("says of every metric what the program says, in the same order", () => {
    const rows = page.split("\n").filter((line) => line.startsWith("| `sidestep_"));
    const expected = Object.entries(metricTable).map(([name, { kind, labels, help }]) => {
      const names = labels.map((label) => `\`${label}\``).join(", ");
      return `| \`${name}\` | ${kind} | ${names === "" ? "none" : names} | ${help} |`;
    });
    expect(rows).toEqual(expected);
  });

  it("names no metric of ours that does not exist", () => {
    const named = new Set(page.match(/\bsidestep_[a-z_]+/g));
    const suffix = /_(?:bucket|sum|count)$/;
    const known: readonly string[] = Object.keys(metricTable);
    const unknown = [...named].filter((name) => !known.includes(name.replace(suffix, "")));
    expect(unknown).toEqual([]);
  });
});
