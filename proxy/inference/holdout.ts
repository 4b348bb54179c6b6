/** How well intents are told apart by their sentences: every sentence is judged by a fit that did not see it; behind `sidestep train`. */
import { createHash } from "node:crypto";
import type { Intent } from "../core/policy.ts";
import { readCalibration, type Calibration } from "./calibration.ts";
import { createClassifier } from "./classifier.ts";
import type { Fit } from "./fit-store.ts";
import { fitIntents, type Embed } from "./intents.ts";
import { dot } from "./vectors.ts";

/** Sentences by intent. */
export type Sentences = ReadonlyMap<string, readonly string[]>;

/** A sentence, what it is said to mean, and what the intents' other sentences take it for. */
export interface Judgement {
  readonly text: string;
  readonly intent: string;
  readonly found: string;
  readonly confidence: number;
  /** Estimated share wrong among answers this sure. */
  readonly wrong: number;
  /** Whether the pair guard would keep it back. */
  readonly isBarred: boolean;
}

/** Hears how many parts are done. */
export type Told = (done: number, parts: number) => void;

/** Chooses and judges sentences with one model. */
export interface Trainer {
  /** The sentences that stand best for each intent, `most` at most. */
  choose(sentences: Sentences, most: number): Promise<readonly Intent[]>;
  judge(sentences: Sentences, most: number, told: Told): Promise<Judgement[]>;
  close(): Promise<void>;
}

// Each part is judged by a fit on the others.
const parts = 5;

/** Rejects when the model cannot be loaded. `stateFolder` keeps embeddings and fits; null keeps none. */
export async function openTrainer(
  model: string,
  base: string,
  stateFolder: string | null,
): Promise<Trainer> {
  const classifier = createClassifier({ model, base, cache: { folder: stateFolder } });
  const state = await classifier.ready;
  if (state.model === null) {
    await classifier.close();
    throw new Error(`the model ${model} could not be loaded: ${state.error ?? "unknown cause"}`);
  }
  const { folder } = state.model;
  const calibration = folder === null ? null : await readCalibration(folder);
  const embed = classifier.embed.bind(classifier);
  return {
    choose: async (sentences, most) => chosen(sentences, most, await vectorsOf(sentences, embed)),
    judge: (sentences, most, told) =>
      judged(sentences, most, { embed, calibration, fit: classifier.fit, told }),
    close: () => classifier.close(),
  };
}

type Vectors = ReadonlyMap<string, Float32Array>;

async function vectorsOf(sentences: Sentences, embed: Embed): Promise<Vectors> {
  const texts = [...new Set([...sentences.values()].flat())];
  const vectors = await embed(texts);
  return new Map(texts.map((text, at) => [text, vectors[at] ?? new Float32Array(0)]));
}

function chosen(sentences: Sentences, most: number, vectors: Vectors): readonly Intent[] {
  return [...sentences].map(([name, texts]) => ({
    name,
    examples: representatives(texts, most, vectors),
    not: [],
  }));
}

/** Greedy facility location: each next sentence is the one that brings the others nearest to a chosen one. */
function representatives(
  texts: readonly string[],
  most: number,
  vectors: Vectors,
): readonly string[] {
  if (texts.length <= most) return texts;
  const rows = texts.map((text) => vectors.get(text) ?? new Float32Array(0));
  const nearest = new Float64Array(texts.length).fill(-1);
  const taken: number[] = [];
  while (taken.length < most) {
    const gains = rows.map((row, at) => (taken.includes(at) ? -1 : gainOf(row, rows, nearest)));
    const next = gains.indexOf(Math.max(...gains));
    taken.push(next);
    const row = rows[next] ?? new Float32Array(0);
    rows.forEach((other, at) => {
      nearest[at] = Math.max(nearest[at] ?? -1, dot(row, other));
    });
  }
  return taken.toSorted((a, b) => a - b).map((at) => texts[at] ?? "");
}

function gainOf(row: Float32Array, rows: readonly Float32Array[], nearest: Float64Array): number {
  return rows.reduce(
    (sum, other, at) => sum + Math.max(0, dot(row, other) - (nearest[at] ?? -1)),
    0,
  );
}

interface Bench {
  readonly embed: Embed;
  readonly calibration: Calibration | null;
  readonly fit: Fit;
  readonly told: Told;
}

async function judged(
  sentences: Sentences,
  most: number,
  { embed, calibration, fit, told }: Bench,
): Promise<Judgement[]> {
  const vectors = await vectorsOf(sentences, embed);
  const judgements: Judgement[] = [];
  for (let part = 0; part < parts; part += 1) {
    const others = filtered(sentences, (text) => partOf(text) !== part);
    const scorer = await fitIntents(chosen(others, most, vectors), embed, calibration, fit);
    const asked = filtered(sentences, (text) => partOf(text) === part);
    for (const { text, intent } of rowsOf(asked)) {
      const score = scorer?.score(text, vectors.get(text) ?? new Float32Array(0));
      if (score === undefined) continue;
      const { label, confidence, wrong, guard } = score;
      judgements.push({ text, intent, found: label, confidence, wrong, isBarred: guard });
    }
    told(part + 1, parts);
  }
  return judgements;
}

function filtered(sentences: Sentences, isWanted: (text: string) => boolean): Sentences {
  const entries = [...sentences].map(([name, texts]) => [name, texts.filter(isWanted)] as const);
  return new Map(entries.filter(([, texts]) => texts.length > 0));
}

function rowsOf(sentences: Sentences): readonly { text: string; intent: string }[] {
  return [...sentences].flatMap(([intent, texts]) => texts.map((text) => ({ text, intent })));
}

/** By the text alone, so that the same file gives the same figures. */
function partOf(text: string): number {
  return (createHash("sha256").update(text).digest()[0] ?? 0) % parts;
}
