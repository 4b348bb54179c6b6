/** docs/dependencies.md names each dependency once, with its licence and a reason. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const allowed = ["Apache-2.0", "MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause"];

const names = v.record(v.string(), v.string());
const manifest = v.parse(
  v.object({ dependencies: names, devDependencies: names }),
  JSON.parse(readFileSync(join(root, "package.json"), "utf8")),
);
const rows = [
  ...readFileSync(join(root, "docs/dependencies.md"), "utf8").matchAll(
    /^\| `([^`]+)` \| (\S+) \| (.+) \|$/gm,
  ),
].map(([, name, licence, why]) => ({ name, licence, why }));

function licenceOf(name: string): string {
  const text = readFileSync(join(root, "node_modules", name, "package.json"), "utf8");
  return v.parse(v.object({ license: v.string() }), JSON.parse(text)).license;
}

describe("docs/dependencies.md", () => {
  it("names every dependency of package.json, and no others", () => {
    const wanted = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(new Set(rows.map((row) => row.name))).toEqual(new Set(wanted));
    expect(rows).toHaveLength(wanted.length);
  });

  it("states the licence that each package states, and all are permissive", () => {
    for (const { name = "", licence } of rows) {
      expect(`${name} ${licence}`).toBe(`${name} ${licenceOf(name)}`);
      expect(allowed).toContain(licence);
    }
  });
});
