/** What `npm run build` writes: the same bytes each time, nothing that only development needs, and a true bill of materials. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import * as v from "valibot";
import { beforeAll, describe, expect, it } from "vitest";
import { runtimeFlags } from "../../scripts/build/runtime.ts";
import { packagesIn } from "../support/bundled-packages.ts";
import { ran, type Ran } from "../support/command.ts";
import { startSidecar } from "../support/sidecar.ts";

const root = resolve(import.meta.dirname, "../..");
const epochS = 1_000_000_000;

let folder: string;
let out: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sidestep-build-"));
  out = join(folder, "first");
  expect(await built(out)).toMatchObject({ code: 0, err: "" });
});

function built(to: string, ...flags: readonly string[]): Promise<Ran> {
  return ran(["scripts/build.ts", "--out", to, ...flags], "", {
    SOURCE_DATE_EPOCH: String(epochS),
    npm_config_loglevel: "error",
  });
}

/** Paths of all files and folders below `top`. */
function pathsIn(top: string): readonly string[] {
  const entries = readdirSync(top, { recursive: true, withFileTypes: true });
  return entries.map((entry) => relative(top, join(entry.parentPath, entry.name))).toSorted();
}

/** Everything that an image layer records of a folder. */
function recordOf(top: string): readonly string[] {
  return pathsIn(top).map((path) => {
    const { mode, mtimeMs } = statSync(join(top, path));
    const isFolder = statSync(join(top, path)).isDirectory();
    const bytes = isFolder ? "" : readFileSync(join(top, path));
    const hash = createHash("sha256").update(bytes).digest("hex");
    return `${path} ${mode.toString(8)} ${mtimeMs} ${hash}`;
  });
}

const bill = v.object({
  bomFormat: v.literal("CycloneDX"),
  specVersion: v.literal("1.5"),
  serialNumber: v.pipe(
    v.string(),
    v.regex(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
  ),
  metadata: v.object({
    timestamp: v.string(),
    component: v.object({ name: v.string(), version: v.string(), "bom-ref": v.string() }),
  }),
  components: v.array(
    v.object({
      "bom-ref": v.string(),
      type: v.literal("library"),
      name: v.string(),
      version: v.string(),
      purl: v.string(),
      licenses: v.array(v.object({ license: v.object({ id: v.string() }) })),
      hashes: v.array(v.object({ alg: v.string(), content: v.string() })),
    }),
  ),
  dependencies: v.array(v.object({ ref: v.string(), dependsOn: v.array(v.string()) })),
});

const lockFile = v.object({
  packages: v.record(
    v.string(),
    v.looseObject({
      version: v.optional(v.string()),
      integrity: v.optional(v.string()),
      dev: v.optional(v.boolean()),
      os: v.optional(v.array(v.string())),
      cpu: v.optional(v.array(v.string())),
      libc: v.optional(v.array(v.string())),
    }),
  ),
});

const readBill = (): v.InferOutput<typeof bill> =>
  v.parse(bill, JSON.parse(readFileSync(join(out, "sbom.cdx.json"), "utf8")));
const lock = v.parse(lockFile, JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")));
const ownVersion = v.parse(
  v.object({ version: v.string() }),
  JSON.parse(readFileSync(join(root, "package.json"), "utf8")),
).version;

function versionOf(name: string): string | undefined {
  return lock.packages[`node_modules/${name}`]?.version;
}

/** The lock file's entry of a package in that version, which may lie inside of another package. */
function lockedAs(name: string, version: string) {
  const places = Object.keys(lock.packages).filter((path) => path.endsWith(`node_modules/${name}`));
  return places.map((path) => lock.packages[path]).find((entry) => entry?.version === version);
}

function textOf(name: string): string {
  return readFileSync(join(out, name), "utf8");
}

describe("a build", () => {
  it("is the same in every byte, right and time when it is made again", async () => {
    const second = join(folder, "second");
    await built(second);
    expect(recordOf(second)).toEqual(recordOf(out));
    expect(statSync(join(out, "sidestep.js")).mtimeMs).toBe(epochS * 1000);
  });

  it("holds the program, its data and no source, type, map, test or training", () => {
    const tops = readdirSync(out).filter((name) => !/-[A-Z0-9]{8}\.js$/.test(name));
    expect(tops.toSorted()).toEqual([
      "THIRD-PARTY-NOTICES.txt",
      "inference-worker.js",
      "models",
      "node_modules",
      "package.json",
      "page",
      "policies",
      "sbom.cdx.json",
      "sidestep.js",
    ]);
    expect(pathsIn(out).filter((path) => /\.(?:ts|map|py|gz|tgz)$/.test(path))).toEqual([]);
    expect(readdirSync(join(out, "models"))).toEqual(["support-v1"]);
    expect(readdirSync(join(out, "models/support-v1"))).toContain("CARD.md");
    expect(readdirSync(join(out, "node_modules"))).toEqual([
      "onnxruntime-common",
      "onnxruntime-node",
    ]);
  });

  it("is the whole program, from wherever it lies", async () => {
    const program = join(out, "sidestep.js");
    expect((await ran([program, "version"])).out).toContain(`sidestep ${ownVersion} `);
    const policy = join(out, "policies/default.yaml");
    expect((await ran([program, "check"])).out).toContain(`${policy}: good.`);
    const recipe = join(out, "policies/recipes/support-desk.yaml");
    const { code, out: told } = await ran([program, "explain", "--policy", recipe, "hello"]);
    expect(code).toBe(0);
    expect(told).toMatch(/^ +task +greeting 0\.99/m);
  });
});

/** Tells on standard error, at the end, which of the runtime's own parts were loaded. */
const tellsLoaded = `data:text/javascript,process.on("exit",()=>console.error(process.moduleLoadList.join(" ")))`;

/** These scripts and all that their imports load at once. */
function loadedWith(scripts: readonly string[]): ReadonlySet<string> {
  const found = new Set(scripts);
  for (const script of found) {
    const imports = textOf(script).matchAll(/^(?:import|\}) ?(?:.*from )?"\.\/([^"]+)";$/gmu);
    for (const [, name = ""] of imports) found.add(name);
  }
  return found;
}

describe("the commands of a build that ask a listener", () => {
  it("have the client with which they ask", async () => {
    const program = join(out, "sidestep.js");
    const sidecar = await startSidecar({ program, policy: "version: 1\nmodel: null\n" });
    try {
      const url = `${sidecar.admin}/readyz`;
      const well = { code: 0, out: "", err: "" };
      expect(await ran([program, "healthcheck", "--url", url])).toEqual(well);
      expect(await ran([program, "wait", "--ready", url, "--limit", "5s"])).toEqual(well);
    } finally {
      await sidecar.stop();
    }
  });
});

describe("what a build loads", () => {
  it("is not the runtime's own fetch, nor a client that only some commands need", async () => {
    const policy = join(folder, "relay.yaml");
    await writeFile(policy, "version: 1\nmodel: null\n");
    const args = [join(out, "sidestep.js"), "explain", "--policy", policy, "hello"];
    const { code, err } = await ran(["--import", tellsLoaded, ...args]);
    expect(code).toBe(0);
    expect(err).toContain("NativeModule _http_server");
    expect(err).not.toContain("undici");
    // Nor is the package of that name, which the runtime's list does not show.
    const parts = readdirSync(out).filter((name) => /^sidecar-.*\.js$/.test(name));
    const inside = [...loadedWith(["sidestep.js", ...parts])].map(textOf).join("\n");
    expect(parts).toHaveLength(1);
    expect(inside).toContain("// proxy/upstream/pool.ts");
    expect(inside).not.toContain("// node_modules/undici/");
  });

  it("runs under the flags that the image and the bench use", () => {
    const [first] = textOf("sidestep.js").split("\n");
    expect(first).toBe(`#!/usr/bin/env -S node ${runtimeFlags.join(" ")}`);
  });
});

describe("the page of a build", () => {
  it("is served as it lies in the source", async () => {
    const policy = readFileSync(join(out, "policies/default.yaml"), "utf8");
    const program = join(out, "sidestep.js");
    const sidecar = await startSidecar({ program, policy });
    try {
      const accept = { headers: { accept: "text/html" } };
      const document = await (await fetch(`${sidecar.admin}/`, accept)).text();
      const named = [...document.matchAll(/(?:href|src)="\/(page\/[^"]+)"/g)].map(
        ([, path]) => path,
      );
      expect(named).toContain("page/main.js");
      for (const path of [...new Set(named), "page/view-live.js"]) {
        const text = await (await fetch(`${sidecar.admin}/${path}`)).text();
        expect(text).toBe(readFileSync(join(root, "proxy/server", path ?? ""), "utf8"));
      }
    } finally {
      await sidecar.stop();
    }
  });
});

describe("the bill of materials", () => {
  it("names exactly the packages whose code is in the build, and none of development", () => {
    const { components, metadata } = readBill();
    // Two versions of a package are two components of one name.
    const names = new Set(components.map(({ name }) => name));
    expect([...names].toSorted()).toEqual(packagesIn(out));
    expect(metadata.component).toMatchObject({ name: "sidestep", version: ownVersion });
    expect(metadata.timestamp).toBe("2001-09-09T01:46:40.000Z");
    const isDev = (name: string): boolean => lock.packages[`node_modules/${name}`]?.dev === true;
    expect(components.filter(({ name }) => isDev(name))).toEqual([]);
  });

  it("states versions and hashes as the lock file does, and permissive licences", () => {
    for (const { name, version, hashes, licenses, purl } of readBill().components) {
      const locked = lockedAs(name, version);
      expect(version).toBe(locked?.version);
      expect(purl).toBe(`pkg:npm/${name.replace("@", "%40")}@${version}`);
      const sha512 = hashes.find(({ alg }) => alg === "SHA-512")?.content ?? "";
      const integrity = `sha512-${Buffer.from(sha512, "hex").toString("base64")}`;
      expect(integrity).toBe(locked?.integrity);
      expect(["MIT", "Apache-2.0", "BSD-3-Clause", "ISC", "0BSD"]).toContain(
        licenses[0]?.license.id,
      );
    }
  });

  it("has a graph of which every end is in it", () => {
    const { components, dependencies, metadata } = readBill();
    const known = new Set([
      metadata.component["bom-ref"],
      ...components.map((each) => each["bom-ref"]),
    ]);
    const named = dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]);
    expect(named.filter((ref) => !known.has(ref))).toEqual([]);
    const direct = dependencies.find(({ ref }) => ref === metadata.component["bom-ref"]);
    expect(direct?.dependsOn).toContain(`yaml@${versionOf("yaml")}`);
  });

  it("goes with the licence of every package that it names", () => {
    const notices = readFileSync(join(out, "THIRD-PARTY-NOTICES.txt"), "utf8");
    for (const { name, version, licenses } of readBill().components) {
      expect(notices).toContain(`\n${name} ${version}: ${licenses[0]?.license.id}`);
    }
    expect(notices).toContain("Permission is hereby granted, free of charge");
  });
});

/** The ELF header's machine: 62 is x86-64, 183 is AArch64. */
function machineOf(file: string): number {
  return readFileSync(file).readUInt16LE(18);
}

describe("arm64", () => {
  it("has a build of every package that is for one processor alone", () => {
    const forX64 = Object.entries(lock.packages).filter(
      ([, { os, cpu }]) => os?.includes("linux") === true && cpu?.includes("x64") === true,
    );
    expect(forX64.map(([path]) => path)).toContain("node_modules/@esbuild/linux-x64");
    const lacking = forX64.filter(([path, { version, libc }]) => {
      const other = lock.packages[path.replace("x64", "arm64")];
      const isSame = other?.version === version && other?.libc?.join() === libc?.join();
      return !isSame || other?.cpu?.includes("arm64") !== true;
    });
    expect(lacking.map(([path]) => path)).toEqual([]);
  });

  it("has the library of the one package in the build that has native code", async () => {
    const native = readBill().components.filter(({ name }) => {
      const at = join(root, "node_modules", name);
      return existsSync(at) && pathsIn(at).some((path) => /\.(?:node|so(?:\.\d+)*)$/.test(path));
    });
    expect(native.map(({ name }) => name)).toEqual(["onnxruntime-node"]);

    for (const [platform, arch, machine] of [
      ["linux/arm64", "arm64", 183],
      ["linux/amd64", "x64", 62],
    ] as const) {
      const other = join(folder, arch);
      expect(await built(other, "--platform", platform)).toMatchObject({ code: 0 });
      const libraries = join(other, "node_modules/onnxruntime-node/bin/napi-v6");
      expect(pathsIn(libraries)).toEqual([
        "linux",
        `linux/${arch}`,
        `linux/${arch}/libonnxruntime.so.1`,
        `linux/${arch}/onnxruntime_binding.node`,
      ]);
      for (const file of ["libonnxruntime.so.1", "onnxruntime_binding.node"]) {
        expect(machineOf(join(libraries, "linux", arch, file))).toBe(machine);
      }
    }
  });
});
