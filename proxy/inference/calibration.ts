/** Reads the artefact's intents-calibration.json: what turns a match's measurements into a probability; used by intents.ts and faq.ts. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { probability, type Probability } from "../core/brand.ts";
import { readDictionary } from "./dictionary.ts";
import { characterFeatureNames } from "./character-matcher.ts";
import { sigmoid } from "./heads.ts";
import type { LexiconData } from "./lexicon.ts";
import { readManifest, type Manifest } from "./manifest.ts";
import { featureNames } from "./matcher.ts";

/** The file's name beside the model. */
export const calibrationFile = "intents-calibration.json";

/** The same for matches by characters. */
export const characterScoreFile = "characters-calibration.json";

/** One measurement's part in the score. */
export interface Term {
  readonly feature: string;
  /** Values are cut to this range, beyond which nothing was seen. */
  readonly low: number;
  readonly high: number;
  readonly weight: number;
}

/** Points of a rising or falling line, by score. */
export type Line = readonly (readonly [number, number])[];

/** A logistic score and what it has meant on simulated policies. */
export interface ScoreModel {
  readonly bias: number;
  readonly terms: readonly Term[];
  /** Score -> share right among calls of this score. */
  readonly right: Line;
  /** Score -> share wrong among calls of at least this score. */
  readonly wrong: Line;
}

/** The whole file. */
export interface Calibration {
  /** Embeddings of some texts, first values, by which the model is recognised. */
  readonly embeddings: readonly { readonly text: string; readonly values: readonly number[] }[];
  readonly lexicon: LexiconData;
  readonly intents: ScoreModel;
  readonly faq: ScoreModel;
  /** For matches by characters; read from a file of its own, since no model has a part in it. */
  readonly characters?: ScoreModel | null;
}

/** How sure a match is. */
export interface Judged {
  readonly confidence: Probability;
  readonly wrong: Probability;
}

const lineSchema = v.pipe(v.array(v.tuple([v.number(), v.number()])), v.minLength(1));

/** The schema of a score over measurements of these names. */
function modelSchemaOf(names: readonly string[]): v.GenericSchema<unknown, ScoreModel> {
  return v.object({
    bias: v.number(),
    terms: v.array(
      v.object({
        feature: v.picklist(names),
        low: v.number(),
        high: v.number(),
        weight: v.number(),
      }),
    ),
    right: lineSchema,
    wrong: lineSchema,
  });
}

const modelSchema = modelSchemaOf(featureNames);

const fileSchema: v.GenericSchema<unknown, Calibration> = v.object({
  format: v.literal(1),
  embeddings: v.array(v.object({ text: v.string(), values: v.array(v.number()) })),
  lexicon: v.object({
    sentences: v.number(),
    groups: v.array(v.tuple([v.number(), v.string()])),
  }),
  intents: modelSchema,
  faq: modelSchema,
});

const characterFileSchema = v.object({
  format: v.literal(1),
  characters: modelSchemaOf(characterFeatureNames),
});

// How far the embedding may have moved since the calibration was made.
const tolerance = 0.05;

/** Null when the artefact has none, or one that was made for another embedding. */
export async function readCalibration(folder: string): Promise<Calibration | null> {
  try {
    const text = await readFile(join(folder, calibrationFile), "utf8");
    const parsed = v.safeParse(fileSchema, JSON.parse(text));
    if (!parsed.success) return null;
    const manifest = await readManifest(folder);
    if (!isMadeFor(parsed.output, manifest)) return null;
    const { lexicon } = parsed.output;
    const dictionary = await readDictionary(folder, manifest);
    const characters = await readCharacterScore(folder);
    return { ...parsed.output, lexicon: { ...lexicon, dictionary }, characters };
  } catch {
    return null;
  }
}

/** Null when the folder has none that can be read: then only exact matches by characters are certain. */
async function readCharacterScore(folder: string): Promise<ScoreModel | null> {
  try {
    const text = await readFile(join(folder, characterScoreFile), "utf8");
    const parsed = v.safeParse(characterFileSchema, JSON.parse(text));
    return parsed.success ? parsed.output.characters : null;
  } catch {
    return null;
  }
}

function isMadeFor(calibration: Calibration, manifest: Manifest): boolean {
  return calibration.embeddings.every(({ text, values }) => {
    const found = manifest.selfcheck.cases.find((one) => one.text === text);
    const now = found?.outputs["default"]?.["embedding"] ?? [];
    return values.every((value, at) => Math.abs(value - (now[at] ?? Number.NaN)) <= tolerance);
  });
}

/** Probability of being right, and expected share wrong at or above, for a match's measurements. */
export function judged(
  model: ScoreModel,
  features: readonly number[],
  names: readonly string[] = featureNames,
): Judged {
  const score = scoreOf(model, features, names);
  if (Number.isNaN(score)) return { confidence: probability(0), wrong: probability(1) };
  return {
    confidence: probability(onLine(model.right, score, 0)),
    wrong: probability(onLine(model.wrong, score, 1)),
  };
}

/** The logistic score in [0, 1], before its meaning is looked up. */
export function scoreOf(
  model: ScoreModel,
  features: readonly number[],
  names: readonly string[] = featureNames,
): number {
  const sum = model.terms.reduce((total, { feature, low, high, weight }) => {
    const value = features[names.indexOf(feature)] ?? Number.NaN;
    const cut = Math.min(high, Math.max(low, value));
    return total + weight * cut;
  }, model.bias);
  return sigmoid(sum);
}

/** Linear between points, level beyond them; `none` where there are no points. */
function onLine(line: Line, at: number, none: number): number {
  const next = line.findIndex(([x]) => x >= at);
  if (next < 0) return line.at(-1)?.[1] ?? none;
  const [x1, y1] = line[next] ?? [0, 0];
  const [x0, y0] = line[next - 1] ?? [x1, y1];
  return x1 === x0 ? y1 : y0 + ((y1 - y0) * (at - x0)) / (x1 - x0);
}
