import { mkdtempSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openStateFolder } from "../../../proxy/inference/state-folder.ts";

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), "sidestep-state-"));
}

const day = 24 * 3_600_000;

function aged(folder: string, name: string, days: number, bytes = 10): void {
  const path = join(folder, name);
  writeFileSync(path, Buffer.alloc(bytes));
  const at = new Date(Date.now() - days * day);
  utimesSync(path, at, at);
}

describe("where computed things are kept", () => {
  test.each<[string, string | null, Record<string, string>, string | null]>([
    ["the folder that is named", "named", { HOME: "home" }, "named"],
    ["the user's cache", null, { XDG_CACHE_HOME: "cache", HOME: "home" }, "cache/sidestep"],
    ["the home folder's cache", null, { HOME: "home" }, "home/.cache/sidestep"],
    ["nowhere, when that is said", "off", { HOME: "home" }, null],
  ])("%s", async (_, named, env, wanted) => {
    const root = newFolder();
    const below = (path: string): string => join(root, path);
    const given = named === null || named === "off" ? named : below(named);
    const inRoot = Object.entries(env).map(([name, path]) => [name, below(path)] as const);
    const state = await openStateFolder(given, Object.fromEntries(inRoot));
    expect(state.problem).toBeNull();
    expect(state.folder).toBe(wanted === null ? null : below(wanted));
    if (state.folder !== null) expect(statSync(state.folder).mode & 0o077).toBe(0);
  });

  test("nowhere, with the reason, where no folder is known or none can be made", async () => {
    expect(await openStateFolder(null, {})).toMatchObject({ folder: null, isNamed: false });
    const file = join(newFolder(), "file");
    writeFileSync(file, "");
    const blocked = await openStateFolder(join(file, "below"), {});
    expect(blocked).toMatchObject({ folder: null, isNamed: true });
    expect(blocked.problem).toContain("ENOTDIR");
  });
});

describe("the folder stays small", () => {
  test("files that nobody used for long are removed, and what is not ours never", async () => {
    const folder = newFolder();
    for (const name of ["0a.vectors", "0b.fit", "0c-1.fit.draft", "notes.txt", "zz.fit"]) {
      aged(folder, name, 31);
    }
    aged(folder, "0d.fit", 29);
    await openStateFolder(folder, {});
    expect(readdirSync(folder).toSorted()).toEqual(["0d.fit", "notes.txt", "zz.fit"]);
  });

  test("above its size the longest unused go first", async () => {
    const folder = newFolder();
    for (const [at, name] of ["0a.fit", "0b.fit", "0c.vectors"].entries()) {
      aged(folder, name, at, 100);
    }
    await openStateFolder(folder, {}, { maxBytes: 250, maxAgeMs: 30 * day });
    expect(readdirSync(folder).toSorted()).toEqual(["0a.fit", "0b.fit"]);
  });
});
