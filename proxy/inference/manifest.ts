/** The artefact's manifest.json: its shape, and the check of a file's bytes against it; read by the worker before anything is loaded. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import * as v from "valibot";

/** One output of the model, named like its head. */
export interface Head {
  readonly name: string;
  readonly kind: "embedding" | "softmax" | "sigmoid";
  readonly labels: readonly string[];
  /** Probabilities come from logits / temperature + bias; a list holds one value a label. */
  readonly temperature: number | readonly number[];
  readonly bias: number | readonly number[];
}

/** Texts with the outputs that a sound processor gives for them. */
export interface SelfCheck {
  /** Largest absolute differences allowed. */
  readonly tolerance: { readonly embedding: number; readonly logits: number };
  readonly cases: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    /** Variant -> output -> its first values. */
    readonly outputs: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
  }[];
}

/** A checked manifest, format 1; field names are the file's own. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly files: Readonly<Record<string, { readonly sha256: string }>>;
  readonly variants: { readonly default: string; readonly reduce_range: string | null };
  readonly window: {
    readonly max_tokens: number;
    readonly head: number;
    readonly tail: number;
    readonly cls_id: number;
    readonly sep_id: number;
  };
  readonly tokenizer: { readonly file: string; readonly unk_id: number };
  readonly heads: readonly Head[];
  /** Sentences of other domains with their embeddings; null when the artefact has none. */
  readonly background: { readonly file: string; readonly embeddings: string } | null;
  readonly selfcheck: SelfCheck;
}

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const positive = v.pipe(v.number(), v.gtValue(0));

const headSchema = v.object({
  name: v.string(),
  kind: v.picklist(["embedding", "softmax", "sigmoid"]),
  labels: v.optional(v.array(v.string()), []),
  temperature: v.optional(v.union([positive, v.array(positive)]), 1),
  bias: v.optional(v.union([v.number(), v.array(v.number())]), 0),
});

const checkSchema = v.object({
  tolerance: v.object({ embedding: v.number(), logits: v.number() }),
  cases: v.array(
    v.object({
      text: v.string(),
      ids: v.array(v.number()),
      outputs: v.record(v.string(), v.record(v.string(), v.array(v.number()))),
    }),
  ),
});

const manifestSchema: v.GenericSchema<unknown, Manifest> = v.object({
  format: v.literal(1),
  name: v.string(),
  version: v.string(),
  files: v.record(v.string(), v.object({ sha256: v.pipe(v.string(), v.hexadecimal()) })),
  variants: v.object({ default: v.string(), reduce_range: v.nullish(v.string(), null) }),
  window: v.object({
    max_tokens: v.pipe(v.number(), v.integer(), v.minValue(4)),
    head: count,
    tail: count,
    cls_id: v.number(),
    sep_id: v.number(),
  }),
  tokenizer: v.object({ file: v.string(), unk_id: v.number() }),
  heads: v.pipe(v.array(headSchema), v.minLength(1)),
  background: v.nullish(v.object({ file: v.string(), embeddings: v.string() }), null),
  selfcheck: checkSchema,
});

/** Reads `manifest.json` in `folder`; throws an Error whose message names the first problem. */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, "manifest.json"), "utf8");
  const data: unknown = JSON.parse(text);
  const result = v.safeParse(manifestSchema, data);
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new Error(`manifest.json: ${v.getDotPath(issue) ?? "root"}: ${issue.message}`);
}

/** SHA-256 of `manifest.json`, which names every file's and holds the calibration. */
export async function manifestHash(folder: string): Promise<string> {
  const bytes = await readFile(join(folder, "manifest.json"));
  return createHash("sha256").update(bytes).digest("hex");
}

/** The bytes of one of the artefact's files; throws when it is not listed or its SHA-256 differs. */
export async function readVerified(
  folder: string,
  manifest: Manifest,
  file: string,
): Promise<Buffer> {
  const listed = manifest.files[file];
  if (listed === undefined) throw new Error(`${file} is not listed in manifest.json`);
  const path = resolve(folder, file);
  if (!path.startsWith(resolve(folder) + sep)) throw new Error(`${file} lies outside the artefact`);
  const bytes = await readFile(path);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== listed.sha256) throw new Error(`${file} does not match its SHA-256`);
  return bytes;
}
