/** Where the files that come with the program are found: in a checkout, beside a bundle, and nowhere. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { bundledFile } from "../../../proxy/core/bundled.ts";

test("in a checkout it is the repository's own", () => {
  const root = resolve(import.meta.dirname, "../../..");
  expect(bundledFile("policies/prices.yaml")).toBe(join(root, "policies/prices.yaml"));
});

test("the nearest one upwards is taken, so a bundle uses what lies beside it", () => {
  const root = mkdtempSync(join(tmpdir(), "sidestep-bundled-"));
  const bundle = join(root, "dist");
  for (const folder of [root, bundle]) {
    mkdirSync(join(folder, "policies"), { recursive: true });
    writeFileSync(join(folder, "policies/default.yaml"), "");
  }
  writeFileSync(join(root, "package.json"), "{}");
  expect(bundledFile("policies/default.yaml", bundle)).toBe(join(bundle, "policies/default.yaml"));
  expect(bundledFile("package.json", bundle)).toBe(join(root, "package.json"));
});

test("a file that is nowhere is looked for beside the program, where reading it says so", () => {
  expect(bundledFile("no-such-file", "/nowhere/x")).toBe("/nowhere/x/no-such-file");
});
