/** The walls of the house: imports go down in rank only, and nobody may switch a rule off. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const proxy = join(root, "proxy");

const ranks: Readonly<Record<string, number>> = {
  core: 0,
  wire: 1,
  policy: 1,
  inference: 1,
  store: 1,
  upstream: 1,
  telemetry: 1,
  signals: 2,
  answers: 2,
  layers: 2,
  server: 3,
  injector: 4,
  webhook: 5,
  cli: 4,
  "ground.ts": 4,
  "assemble.ts": 5,
  "start.ts": 5,
  "sidecar.ts": 6,
  "main.ts": 7,
};

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

function roomOf(file: string): string {
  return relative(proxy, file).split("/")[0] ?? "";
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const found = text.matchAll(/(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g);
  return [...found].map((match) => resolve(dirname(file), match[1] ?? ""));
}

const sources = filesIn(proxy);

describe("the house", () => {
  it("gives every file of the program a room with a rank", () => {
    const strangers = sources.filter((file) => ranks[roomOf(file)] === undefined);
    expect(strangers.map((file) => relative(root, file))).toEqual([]);
    expect(new Set(sources.map(roomOf)).size).toBe(Object.keys(ranks).length);
  });

  it("imports only from a strictly lower rank, or from the same room", () => {
    const upward = sources.flatMap((file) =>
      importsOf(file)
        .filter((target) => target.startsWith(proxy) && roomOf(target) !== roomOf(file))
        .filter((target) => (ranks[roomOf(target)] ?? 99) >= (ranks[roomOf(file)] ?? -1))
        .map((target) => `${relative(root, file)} -> ${relative(root, target)}`),
    );
    expect(upward).toEqual([]);
  });

  it("never reaches out of proxy/ into tests, examples or benchmarks", () => {
    const outward = sources.flatMap((file) =>
      importsOf(file).filter((target) => !target.startsWith(proxy)),
    );
    expect(outward).toEqual([]);
  });

  it("loads the injector from its commands alone, never where calls pass through", () => {
    const rooms = ["injector", "webhook"];
    const loaders = sources.filter(
      (file) =>
        !rooms.includes(roomOf(file)) &&
        importsOf(file).some((target) => rooms.includes(roomOf(target))),
    );
    expect(loaders.map((file) => relative(root, file))).toEqual(["proxy/main.ts"]);
    const statically = /from "\.\/(?:injector|webhook)\//.test(
      readFileSync(join(proxy, "main.ts"), "utf8"),
    );
    expect(statically).toBe(false);
  });

  it("opens every file with a sentence that says what it is for", () => {
    const all = [...sources, ...filesIn(join(root, "examples")), ...filesIn(join(root, "bench"))];
    const silent = all.filter((file) => !/^(#!.*\n)?\/\*\* \S/.test(readFileSync(file, "utf8")));
    expect(silent.map((file) => relative(root, file))).toEqual([]);
  });

  // The engine gives each such object a shape of its own, which is old from the start and holds the getter's
  // closure, and with it the call, until the next whole collection. The formatter ends a class's member
  // without a comma and a literal's with one.
  it("has no getter or setter in an object literal", () => {
    const accessor = /^( *)(?:get|set) \w+\(.*\{\n(?:(?!\1\}).*\n)*\1\},$/m;
    const literals = sources.filter((file) => accessor.test(readFileSync(file, "utf8")));
    expect(literals.map((file) => relative(root, file))).toEqual([]);
  });

  it("switches no rule off", () => {
    const folders = ["proxy", "test", "examples", "bench", "scripts"];
    const pattern = /(?:es|ox)lint-disable|@ts-(?:ignore|expect-error|nocheck)|v8 ignore/;
    const offenders = folders
      .flatMap((folder) => filesIn(join(root, folder)))
      .filter((file) => file !== import.meta.filename && pattern.test(readFileSync(file, "utf8")));
    expect(offenders.map((file) => relative(root, file))).toEqual([]);
  });
});
