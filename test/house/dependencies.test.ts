/** docs/dependencies.md names each dependency once, with its licence and a reason. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const allowed = ["Apache-2.0", "MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause"];
/** Used unchanged in tests alone, and part of nothing that is shipped. */
const testsOnly: Readonly<Record<string, string>> = { "axe-core": "MPL-2.0" };

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
      expect(testsOnly[name] === licence ? [licence] : allowed).toContain(licence);
    }
  });

  it("ships nothing whose licence is allowed for tests alone", () => {
    expect(Object.keys(manifest.devDependencies)).toEqual(
      expect.arrayContaining(Object.keys(testsOnly)),
    );
    for (const name of Object.keys(testsOnly))
      expect(manifest.dependencies).not.toHaveProperty(name);
  });
});
