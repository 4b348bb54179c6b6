/** Describes, for the bill of materials, what an image has beside packages: its init and its models; scripts/image.ts uses it. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import type { Component } from "./sbom.ts";

/** tini, by the files that Dockerfile has put into `folder`. */
export async function initComponent(folder: string): Promise<Component> {
  const [, version = ""] = /(\d+(?:\.\d+)+)/.exec(await textOf(folder, "version")) ?? [];
  if (version === "") throw new Error(`${folder}/version names no version of tini`);
  const bytes = await readFile(join(folder, "tini"));
  return {
    "bom-ref": `tini@${version}`,
    type: "application",
    name: "tini",
    version,
    purl: `pkg:generic/tini@${version}`,
    licenses: [{ license: { id: "MIT" } }],
    hashes: [{ alg: "SHA-256", content: createHash("sha256").update(bytes).digest("hex") }],
  };
}

const manifest = v.object({
  version: v.string(),
  license: v.string(),
  files: v.object({ "model.onnx": v.object({ sha256: v.string() }) }),
});

/** The models in this folder, by their manifests. */
export async function modelComponents(folder: string): Promise<readonly Component[]> {
  const names = (await readdir(folder)).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const text = await textOf(join(folder, name), "manifest.json");
      const { version, license, files } = v.parse(manifest, JSON.parse(text));
      return {
        "bom-ref": `${name}@${version}`,
        type: "machine-learning-model",
        name,
        version,
        licenses: [{ license: { id: license } }],
        hashes: [{ alg: "SHA-256", content: files["model.onnx"].sha256 }],
      };
    }),
  );
}

function textOf(folder: string, name: string): Promise<string> {
  return readFile(join(folder, name), "utf8");
}
