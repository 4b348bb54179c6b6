/** What the artefact of the model in force says of itself: figures, heads, limits and its card; read for the page when asked. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { describeModel, folderOf, type ListedModel } from "./model-listing.ts";

/** One output of the model. */
export interface CardHead {
  readonly name: string;
  readonly kind: string;
  readonly labels: readonly string[];
}

/** The model as its folder describes it. */
export interface ModelCard extends Omit<ListedModel, "selfCheck" | "folder"> {
  readonly created: string | null;
  readonly license: string | null;
  readonly languages: readonly string[];
  readonly heads: readonly CardHead[];
  /** Longest text that is read, in tokens; null when not said. */
  readonly maxTokens: number | null;
  /** CARD.md as it stands there; null when there is none. */
  readonly card: string | null;
}

/** Longest card that is read. */
const mostBytes = 262_144;

const headSchema = v.object({
  name: v.string(),
  kind: v.string(),
  labels: v.optional(v.array(v.string()), []),
});

const extraSchema = v.object({
  created: v.fallback(v.nullish(v.string(), null), null),
  license: v.fallback(v.nullish(v.string(), null), null),
  languages: v.fallback(v.optional(v.array(v.string()), []), []),
  heads: v.fallback(v.optional(v.array(headSchema), []), []),
  window: v.fallback(v.nullish(v.object({ max_tokens: v.number() }), null), null),
});

/** What is known of `model`; null when its folder cannot be read. */
export async function readModelCard(
  model: string,
  base: string,
  modelsPath: string | undefined,
): Promise<ModelCard | null> {
  try {
    const folder = await folderOf(model, base, modelsPath);
    const described = await describeModel(folder);
    if (described === null) return null;
    const { name, kind, variants, measuredOn, accuracy } = described;
    const known = { name, kind, variants, measuredOn, accuracy };
    return { ...known, ...(await extrasOf(folder)), card: await cardOf(folder) };
  } catch {
    return null;
  }
}

async function extrasOf(
  folder: string,
): Promise<Pick<ModelCard, "created" | "license" | "languages" | "heads" | "maxTokens">> {
  const text = await textOf(join(folder, "manifest.json"));
  const data: unknown = text === null ? {} : JSON.parse(text);
  const { window, ...extras } = v.parse(extraSchema, data);
  return { ...extras, maxTokens: window?.max_tokens ?? null };
}

function cardOf(folder: string): Promise<string | null> {
  return textOf(join(folder, "CARD.md"));
}

async function textOf(path: string): Promise<string | null> {
  try {
    const { size } = await stat(path);
    return size > mostBytes ? null : await readFile(path, "utf8");
  } catch {
    return null;
  }
}
