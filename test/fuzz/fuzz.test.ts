/** Every fuzz for a moment, always with the same seed; `npm run fuzz` runs them for long. */
import { expect, it } from "vitest";
import { runFuzz } from "./fuzz.ts";
import { fuzzes } from "./fuzzes.ts";

it.each(fuzzes.map((fuzz) => [fuzz.name, fuzz] as const))(
  "finds nothing: %s",
  { timeout: 180_000 },
  async (_name, fuzz) => {
    const report = await runFuzz(fuzz, { seed: 7, runs: 150, milliseconds: 20_000 });
    expect(report.finding).toBeNull();
    expect(report.runs).toBeGreaterThan(0);
  },
);
