import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bundledFolder, hubRoots, locate, type Places } from "../../../proxy/inference/location.ts";

function places(): Places {
  const root = mkdtempSync(join(tmpdir(), "sidestep-places-"));
  const write = (path: string): void => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), "{}");
  };
  write("models/support-v9/manifest.json");
  write("here/own/manifest.json");
  write("hub/org/name/config.json");
  return {
    base: join(root, "here"),
    bundled: join(root, "models"),
    hubRoots: [join(root, "no"), join(root, "hub")],
  };
}

test("a bundled name, a directory and a hub id are told apart by what is there", () => {
  const where = places();
  expect(locate("support-v9", where)).toEqual({
    kind: "artefact",
    folder: join(where.bundled, "support-v9"),
  });
  const own = { kind: "artefact", folder: join(where.base, "own") };
  expect(locate("own", where)).toEqual(own);
  expect(locate("./own", where)).toEqual(own);
  expect(locate(join(where.base, "own"), where)).toEqual(own);
  expect(locate("org/name", where)).toEqual({
    kind: "hub",
    id: "org/name",
    root: where.hubRoots[1],
  });
});

test.each([
  ["support-v10", /not bundled/u],
  ["org/other", /SIDESTEP_MODELS/u],
  ["./nowhere", /no directory with a manifest/u],
  ["/no/such/place", /no directory with a manifest/u],
  ["../../etc", /no directory with a manifest/u],
])("%s is in no place and the error says which kind was looked for", (model, message) => {
  expect(() => locate(model, places())).toThrow(message);
});

test("the bundled folder is the nearest models folder upwards", () => {
  const where = places();
  expect(bundledFolder(where.base)).toBe(where.bundled);
  expect(bundledFolder("/no-such-folder/x")).toBe("/no-such-folder/x/models");
});

test("folders named by the environment come before the bundled one", () => {
  const separator = process.platform === "win32" ? ";" : ":";
  expect(hubRoots("/bundled", `/a${separator}/b`).slice(0, 3)).toEqual(["/a", "/b", "/bundled"]);
  expect(hubRoots("/bundled", undefined)[0]).toBe("/bundled");
});
