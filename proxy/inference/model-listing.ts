/** The models that this machine has, with what their manifests say was measured of them; behind `sidestep models`. */
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createClassifier } from "./classifier.ts";
import { allWeights } from "./hub-folder.ts";
import { bundledFolder, hubRoots, locate } from "./location.ts";
import { readManifest, type Manifest } from "./manifest.ts";
import { readMeasured, type Measured } from "./measured-figures.ts";

/** One file of weights. */
export interface ListedVariant extends Partial<Measured["speed"][string]> {
  readonly name: string;
  readonly file: string;
  readonly quantisation: string;
  readonly bytes: number;
}

/** One model. */
export interface ListedModel {
  /** "support-v1" of an artefact, "org/name" of a model in the hub's layout. */
  readonly name: string;
  readonly kind: "artefact" | "hub";
  readonly folder: string;
  readonly variants: readonly ListedVariant[];
  /** Processor, threads and runtime of the figures; null when nothing was measured. */
  readonly measuredOn: string | null;
  readonly accuracy: Measured["accuracy"];
  /** How loading it here ended: the variant that passed its self-check, or why none did; null when it has none. */
  readonly selfCheck: SelfCheckState | null;
}

/** What a self-check on this processor came to. */
export type SelfCheckState =
  | { readonly isPassed: true; readonly variant: string }
  | { readonly isPassed: false; readonly error: string };

// What format 1 of an artefact means by its variants.
const artefactQuantisation = { default: "INT8", reduce_range: "INT8, weights of 7 bits" } as const;

/** Models of `folders`, bundled ones, those of `SIDESTEP_MODELS` and of `models/` where one is, each once. */
export async function listModels(
  modelsPath: string | undefined,
  folders: readonly string[],
): Promise<readonly ListedModel[]> {
  const inRoots = await Promise.all(hubRoots(bundled(), modelsPath).map(foldersIn));
  // Ids below a root say more than a folder's last name.
  const candidates = [...inRoots.flat(), ...folders.map(asCandidate)];
  const found = new Map<string, ListedModel>();
  for (const candidate of candidates) {
    const folder = await realpath(join(candidate.root, candidate.id)).catch(() => null);
    if (folder === null || found.has(folder)) continue;
    const listed = await listedIn(candidate, folder);
    if (listed !== null) found.set(folder, listed);
  }
  return [...found.values()];
}

function asCandidate(folder: string): Candidate {
  return { root: dirname(folder), id: basename(folder) };
}

/** The folder of the model that a policy names; throws an Error that says what was looked for when there is none. */
export async function folderOf(
  model: string,
  base: string,
  modelsPath: string | undefined,
): Promise<string> {
  const roots = hubRoots(bundled(), modelsPath);
  const location = locate(model, { bundled: bundled(), hubRoots: roots, base: resolve(base) });
  return realpath(
    location.kind === "artefact" ? location.folder : join(location.root, location.id),
  );
}

function bundled(): string {
  return bundledFolder(dirname(fileURLToPath(import.meta.url)));
}

interface Candidate {
  readonly root: string;
  /** Path below the root. */
  readonly id: string;
}

/** Folders of a root, and of these: a hub id is two names. */
async function foldersIn(root: string): Promise<readonly Candidate[]> {
  const first = await namesIn(root);
  const second = await Promise.all(
    first.map(async (name) => (await namesIn(join(root, name))).map((below) => `${name}/${below}`)),
  );
  return [...first, ...second.flat()].map((id) => ({ root, id }));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map(({ name }) => name)
      .toSorted();
  } catch {
    return [];
  }
}

/** Null for a folder that holds no model. */
async function listedIn(candidate: Candidate, folder: string): Promise<ListedModel | null> {
  if (await isFile(join(folder, "manifest.json"))) return listedArtefact(candidate.id, folder);
  return (await isFile(join(folder, "config.json"))) ? listedHub(candidate.id, folder) : null;
}

/** What a folder says of the model in it, which is not loaded for this; null for a folder that holds none. */
export async function describeModel(
  folder: string,
): Promise<Omit<ListedModel, "selfCheck" | "folder"> | null> {
  if (await isFile(join(folder, "manifest.json"))) return describedArtefact(folder);
  if (!(await isFile(join(folder, "config.json")))) return null;
  const id = `${basename(dirname(folder))}/${basename(folder)}`;
  return listedHub(id, folder);
}

async function describedArtefact(
  folder: string,
): Promise<Omit<ListedModel, "selfCheck" | "folder">> {
  const manifest = await readManifest(folder);
  const measured = readMeasured(await readFile(join(folder, "manifest.json"), "utf8"));
  return {
    name: `${manifest.name}-v${manifest.version}`,
    kind: "artefact",
    variants: await artefactVariants(folder, manifest, measured),
    measuredOn: measured.on,
    accuracy: measured.accuracy,
  };
}

async function listedArtefact(id: string, folder: string): Promise<ListedModel> {
  const selfCheck = await selfCheckOf(folder);
  try {
    return { ...(await describedArtefact(folder)), folder, selfCheck };
  } catch {
    // Why it cannot be read is what the self-check says.
    const nothing = { variants: [], measuredOn: null, accuracy: [] };
    return { name: id, kind: "artefact", folder, ...nothing, selfCheck };
  }
}

async function artefactVariants(
  folder: string,
  { variants }: Manifest,
  measured: Measured,
): Promise<readonly ListedVariant[]> {
  const listed: ListedVariant[] = [];
  for (const name of ["default", "reduce_range"] as const) {
    const file = variants[name];
    if (file === null) continue;
    const quantisation = artefactQuantisation[name];
    const bytes = await bytesOf(join(folder, file));
    listed.push({ name, file, quantisation, bytes, ...measured.speed[name] });
  }
  return listed;
}

/** Loads it as `run` would, and lets it go again. */
async function selfCheckOf(folder: string): Promise<SelfCheckState> {
  const classifier = createClassifier({ model: folder, restart: { limit: 0 } });
  const { status, model, error } = await classifier.ready;
  await classifier.close();
  if (status !== "ready" || model === null) {
    return { isPassed: false, error: error ?? "it could not be loaded" };
  }
  return { isPassed: true, variant: model.variant };
}

async function listedHub(id: string, folder: string): Promise<ListedModel> {
  const variants = await Promise.all(
    allWeights(folder).map(async ({ dtype, file }) => {
      const path = join("onnx", file);
      return {
        name: dtype,
        file: path,
        quantisation: dtype,
        bytes: await bytesOf(join(folder, path)),
      };
    }),
  );
  return {
    name: id,
    kind: "hub",
    folder,
    variants,
    measuredOn: null,
    accuracy: [],
    selfCheck: null,
  };
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** 0 when the file is not there: what loads the model says so. */
async function bytesOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
