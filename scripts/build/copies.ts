/** Copies what the bundle needs beside it: the native library of one platform, policies, models, the page, its manifest; scripts/build.ts uses it. */
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";

/** What a build is for, in the words of Node. */
export interface Platform {
  readonly os: string;
  readonly arch: string;
}

/** The packages that cannot be bundled: the library finds its native part beside itself. */
export const copiedPackages: readonly string[] = [
  "node_modules/onnxruntime-common",
  "node_modules/onnxruntime-node",
];

const architectures: Readonly<Record<string, string>> = { amd64: "x64", x86_64: "x64" };

/** Reads `linux/arm64`, as Docker or as Node writes it. */
export function platformOf(text: string): Platform {
  const [os = "", arch = ""] = text.split("/");
  return { os, arch: architectures[arch] ?? arch };
}

/** Copies the library's packages without other platforms' binaries, types and what only an installation runs. */
export async function copyNative(root: string, out: string, on: Platform): Promise<void> {
  const parts = [
    "node_modules/onnxruntime-common/package.json",
    "node_modules/onnxruntime-common/dist/cjs",
    "node_modules/onnxruntime-node/package.json",
    "node_modules/onnxruntime-node/dist",
    `node_modules/onnxruntime-node/bin/napi-v6/${on.os}/${on.arch}`,
  ];
  for (const part of parts) {
    await cp(join(root, part), join(out, part), { recursive: true, filter: isRun });
  }
}

function isRun(path: string): boolean {
  return !/\.(?:d\.ts|map)$/.test(path);
}

/** Copies the policies, and of each model what the program or a reader of its card may want, but no evaluation data. */
export async function copyData(root: string, out: string): Promise<void> {
  await cp(join(root, "policies"), join(out, "policies"), { recursive: true });
  for (const model of await modelNames(root)) {
    const from = join(root, "models", model);
    const to = join(out, "models", model);
    await mkdir(to, { recursive: true });
    const entries = await readdir(from, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
    for (const name of names) await cp(join(from, name), join(to, name));
  }
}

/** Copies the admin port's page as it is served. */
export async function copyPage(root: string, out: string): Promise<void> {
  const from = join(root, "proxy/server/page");
  const names = await readdir(from);
  await mkdir(join(out, "page"), { recursive: true });
  for (const name of names.filter((each) => !each.endsWith(".json"))) {
    await cp(join(from, name), join(out, "page", name));
  }
}

/** Folders in `models/` that hold an artefact. */
async function modelNames(root: string): Promise<readonly string[]> {
  const names = await readdir(join(root, "models"));
  return names.filter((name) => existsSync(join(root, "models", name, "manifest.json"))).toSorted();
}

const manifest = v.object({ name: v.string(), version: v.string(), description: v.string() });

/** What `sidestep version` reads, and what tells Node that `.js` files are modules. */
export async function writeManifest(root: string, out: string): Promise<void> {
  const whole = v.parse(manifest, JSON.parse(await readFile(join(root, "package.json"), "utf8")));
  const own = { ...whole, private: true, type: "module", bin: { sidestep: "sidestep.js" } };
  await writeFile(join(out, "package.json"), `${JSON.stringify(own, null, 2)}\n`);
}
