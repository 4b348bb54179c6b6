/** What is in the images, and what is not: files, rights, labels, size, bill of materials. */
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import * as v from "valibot";
import { beforeAll, describe, expect, it } from "vitest";
import { runtimeEnvironment, runtimeFlags } from "../../scripts/build/runtime.ts";
import { packagesIn } from "../support/bundled-packages.ts";
import { openImage, type Image } from "./support/image.ts";
import { layersOf } from "./support/layers.ts";
import { baseName, nameOf, secret, sharedStorage, type Target } from "./support/storage.ts";

const root = resolve(import.meta.dirname, "../..");
const targets = ["full", "slim"] as const;

let images: Readonly<Record<Target, Image>>;

beforeAll(() => {
  images = { full: openImage("full"), slim: openImage("slim") };
});

const manifest = v.parse(
  v.object({ version: v.string() }),
  JSON.parse(readFileSync(join(root, "package.json"), "utf8")),
);

/** What the lock file has for development alone. */
const { packages } = v.parse(
  v.object({ packages: v.record(v.string(), v.looseObject({ dev: v.optional(v.boolean()) })) }),
  JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")),
);
const isForDevelopment = (name: string): boolean => packages[`node_modules/${name}`]?.dev === true;

const bill = v.object({
  serialNumber: v.string(),
  components: v.array(
    v.object({
      "bom-ref": v.string(),
      type: v.string(),
      name: v.string(),
      version: v.string(),
      hashes: v.array(v.object({ alg: v.string(), content: v.string() })),
    }),
  ),
  dependencies: v.array(v.object({ ref: v.string(), dependsOn: v.array(v.string()) })),
});

function billOf(target: Target): v.InferOutput<typeof bill> {
  const text = readFileSync(join(images[target].tree, "app/sbom.cdx.json"), "utf8");
  return v.parse(bill, JSON.parse(text));
}

interface Entry {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly isFolder: boolean;
}

/** Everything below `/app`, and nothing that a link leads to. */
function entriesOf(tree: string): readonly Entry[] {
  const app = join(tree, "app");
  const found = readdirSync(app, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => !entry.isSymbolicLink())
    .map((entry) => {
      const at = join(entry.parentPath, entry.name);
      const { mode, uid } = statSync(at);
      return { path: relative(app, at), mode, uid, isFolder: entry.isDirectory() };
    });
}

describe.each(targets)("the image %s", (target) => {
  it("adds one folder to its base", () => {
    const base = mkdtempSync(join(tmpdir(), "sidestep-base-"));
    sharedStorage.writeTree(baseName, base);
    const added = readdirSync(images[target].tree).filter((name) => !existsSync(join(base, name)));
    expect(added).toEqual(["app"]);
  });

  it("runs as a numeric user, by its own init, without a shell", () => {
    const { config, tree } = images[target];
    expect(config.User).toBe("65532:65532");
    const program = ["/app/bin/node", ...runtimeFlags, "/app/sidestep.js"];
    expect(config.Entrypoint).toEqual(["/app/bin/tini", "--", ...program]);
    for (const [name, value] of Object.entries(runtimeEnvironment)) {
      expect(config.Env).toContain(`${name}=${value}`);
    }
    expect(config.Cmd).toEqual(["run"]);
    expect(config.Healthcheck.Test).toEqual(["CMD", "/app/bin/sidestep", "healthcheck"]);
    expect(config.Volumes ?? {}).toEqual({});
    const names = readdirSync(tree, { recursive: true }).map((path) =>
      String(path).split("/").at(-1),
    );
    expect(
      names.filter((name) => /^(?:ba|da|z|)sh$|^(?:busybox|npm|apt|curl|env)$/.test(name ?? "")),
    ).toEqual([]);
  });

  it("lets its user write to nothing of it, and has no program with more rights", () => {
    const entries = entriesOf(images[target].tree);
    expect(entries.length).toBeGreaterThan(50);
    const writable = entries.filter(({ mode, uid }) => uid !== 0 || (mode & 0o022) !== 0);
    expect(writable).toEqual([]);
    expect(entries.filter(({ mode }) => (mode & 0o6000) !== 0)).toEqual([]);
    const programs = entries.filter(({ mode, isFolder }) => !isFolder && (mode & 0o111) !== 0);
    expect(programs.map(({ path }) => path).toSorted()).toEqual(["bin/sidestep", "bin/tini"]);
  });

  it("holds no source, test or package of development, and no secret of its build", () => {
    const { tree } = images[target];
    const entries = entriesOf(tree).filter(({ isFolder }) => !isFolder);
    expect(entries.filter(({ path }) => /\.(?:ts|map|py|gz|npmrc|pem|key)$/.test(path))).toEqual(
      [],
    );
    const inside = packagesIn(join(tree, "app"));
    expect(inside).toContain("yaml");
    expect(inside.filter(isForDevelopment)).toEqual([]);
    const holders = entries.filter(({ path }) =>
      readFileSync(join(tree, "app", path)).includes(secret),
    );
    expect(holders).toEqual([]);
    expect(sharedStorage.buildah("inspect", "--type", "image", nameOf(target))).not.toContain(
      secret,
    );
  });

  it("says what it is in labels", () => {
    expect(images[target].config.Labels).toMatchObject({
      "org.opencontainers.image.title": "sidestep",
      "org.opencontainers.image.version": manifest.version,
      "org.opencontainers.image.revision": "0123abc",
      "org.opencontainers.image.base.name": baseName,
    });
  });
});

describe("the bill of materials", () => {
  it("names the packages, the init and the model that are in the image, and no others", () => {
    for (const target of targets) {
      const app = join(images[target].tree, "app");
      const models = target === "full" ? ["support-v1"] : [];
      const names = new Set(billOf(target).components.map(({ name }) => name));
      expect([...names].toSorted()).toEqual([...packagesIn(app), "tini", ...models].toSorted());
    }
  });

  it("has the hashes of the files themselves", () => {
    const files = { tini: "bin/tini", "support-v1": "models/support-v1/model.onnx" };
    for (const [name, path] of Object.entries(files)) {
      const component = billOf("full").components.find((each) => each.name === name);
      const bytes = readFileSync(join(images.full.tree, "app", path));
      const content = createHash("sha256").update(bytes).digest("hex");
      expect(component?.hashes).toEqual([{ alg: "SHA-256", content }]);
    }
  });

  it("has a graph of which every end is in it, and a number of its own in each image", () => {
    for (const target of targets) {
      const { components, dependencies } = billOf(target);
      const known = new Set(components.map((each) => each["bom-ref"]));
      const ends = dependencies.flatMap(({ dependsOn }) => dependsOn);
      expect(ends.filter((ref) => !known.has(ref))).toEqual([]);
      expect(ends).toContain("tini@0.19.0");
    }
    expect(billOf("full").serialNumber).not.toBe(billOf("slim").serialNumber);
  });

  it("goes with the licence of the init", () => {
    const notices = readFileSync(join(images.full.tree, "app/THIRD-PARTY-NOTICES.txt"), "utf8");
    expect(notices).toContain("Thomas Orozco");
  });
});

describe("a model", () => {
  it("is in the full image alone", () => {
    const has = (target: Target): boolean =>
      readdirSync(join(images[target].tree, "app")).includes("models");
    expect(targets.map(has)).toEqual([true, false]);
  });
});

describe("the size, compressed and without the base", () => {
  it("is below 150 MB with the model, and less without", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sidestep-layers-"));
    const base = layersOf(baseName, join(folder, "base"));
    const bytes = targets.map((target) => {
      const all = layersOf(nameOf(target), join(folder, target));
      expect(all.diffIds.slice(0, base.diffIds.length)).toEqual(base.diffIds);
      return all.sizes.slice(base.sizes.length).reduce((sum, size) => sum + size, 0);
    });
    const [full = 0, slim = 0] = bytes;
    console.log(
      `compressed, without base: full ${(full / 1e6).toFixed(1)} MB, slim ${(slim / 1e6).toFixed(1)} MB`,
    );
    expect(full).toBeLessThan(150e6);
    expect(slim).toBeLessThan(full / 2);
  });
});

describe("a build", () => {
  it("gives the same image, bit for bit, when all of it is done again", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sidestep-again-"));
    const names = ["localhost/sidestep:first", "localhost/sidestep:second"];
    for (const name of names) sharedStorage.buildAnew("full", name);
    const [first, second] = names.map((name) => sharedStorage.idOf(name));
    expect(second).toBe(first);
    const layers = [...names, nameOf("full")].map(
      (name, index) => layersOf(name, join(folder, `${index}`)).diffIds,
    );
    expect(layers[1]).toEqual(layers[0]);
    expect(layers[2]).toEqual(layers[0]);
    for (const name of names) sharedStorage.buildah("rmi", name);
  }, 900_000);
});
