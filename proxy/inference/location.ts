/** Finds what a policy's `model:` names: a bundled artefact, a directory, or a hub id in a local folder; used by the worker. */
import { existsSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";

/** Where a model is and how it is loaded. */
export type Location =
  | { readonly kind: "artefact"; readonly folder: string }
  /** `id` below one of the roots is a folder in the hub's own layout. */
  | { readonly kind: "hub"; readonly id: string; readonly root: string };

/** Where to look. */
export interface Places {
  /** Folder of the bundled artefacts. */
  readonly bundled: string;
  /** Folders that hold hub models as `org/name/`, in order. */
  readonly hubRoots: readonly string[];
  /** What a relative directory is relative to. */
  readonly base: string;
}

const bundledName = /^[a-z0-9][a-z0-9.-]*$/u;
const hubId = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/u;

/** The model's place; throws an Error that says what was looked for when there is none. */
export function locate(model: string, places: Places): Location {
  const folder = isAbsolute(model) ? model : resolve(places.base, model);
  if (isArtefact(folder)) return { kind: "artefact", folder };
  if (isHubFolder(folder)) return { kind: "hub", id: basename(folder), root: dirname(folder) };
  if (bundledName.test(model)) return bundledAt(model, places);
  if (hubId.test(model)) return hubAt(model, places);
  throw new Error(`model "${model}": there is no directory with a manifest.json`);
}

function bundledAt(name: string, places: Places): Location {
  const folder = join(places.bundled, name);
  if (isArtefact(folder)) return { kind: "artefact", folder };
  throw new Error(`model "${name}" is not bundled and is no directory with a manifest.json`);
}

function hubAt(id: string, places: Places): Location {
  for (const root of places.hubRoots) {
    if (isHubFolder(join(root, id))) return { kind: "hub", id, root };
  }
  throw new Error(
    `model "${id}" is in no local folder; nothing is downloaded: put its files ` +
      "(config.json, tokenizer.json, onnx/) into <folder>/" +
      `${id} and name <folder> in SIDESTEP_MODELS`,
  );
}

function isArtefact(folder: string): boolean {
  return isFile(join(folder, "manifest.json"));
}

function isHubFolder(folder: string): boolean {
  return isFile(join(folder, "config.json"));
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

/** The nearest `models` folder at or above `from`: beside the program in the image, at the root in a checkout. */
export function bundledFolder(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const models = join(folder, "models");
    if (existsSync(models) && statSync(models).isDirectory()) return models;
    if (dirname(folder) === folder) return join(from, "models");
  }
}

/** Folders with hub models: those of `SIDESTEP_MODELS` (a path list), the bundled one, the working directory's. */
export function hubRoots(bundled: string, environment: string | undefined): readonly string[] {
  const separator = process.platform === "win32" ? ";" : ":";
  const named = (environment ?? "").split(separator).filter((path) => path !== "");
  return [...named.map((path) => resolve(path)), bundled, resolve("models")];
}
