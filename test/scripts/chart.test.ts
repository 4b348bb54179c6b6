/** The chart's table of values and its schema are made from values.yaml, and nobody has changed them by hand. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readSettings } from "../../proxy/injector/settings.ts";
import { chartFiles } from "../../scripts/chart.ts";

const root = new URL("../../", import.meta.url);

describe("the chart's values", () => {
  it("stand in README.md and values.schema.json as `npm run docs` writes them", () => {
    for (const [path, text] of chartFiles()) expect(readFileSync(path, "utf8")).toBe(text);
  });

  it("have the program's own defaults for the sidecar, and none that it does not know", () => {
    const { sidecar } = parse(readFileSync(new URL("charts/sidestep/values.yaml", root), "utf8"));
    const image = "sidestep:test";
    expect(readSettings({ image, ...sidecar })).toEqual(readSettings({ image }));
  });

  it("name the program's own version", () => {
    const { appVersion } = parse(readFileSync(new URL("charts/sidestep/Chart.yaml", root), "utf8"));
    const { version } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
    expect(appVersion).toBe(version);
  });
});
