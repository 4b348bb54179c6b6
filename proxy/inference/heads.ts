/** Turns the session's raw outputs into a Classification with calibrated probabilities; used by both encoders. */
import { probability } from "../core/brand.ts";
import type { Classification, Scored } from "../core/signals.ts";
import type { Head } from "./manifest.ts";

/** Raw outputs by name. */
export type Outputs = ReadonlyMap<string, Float32Array>;

/** What is known of a run besides its outputs. */
export interface RunFacts {
  readonly tokens: number;
  readonly unknownShare: number;
  readonly model: string;
  readonly modelHash?: string;
}

/** Softmax of logits. */
export function softmax(logits: readonly number[]): number[] {
  const top = Math.max(...logits);
  const powers = logits.map((value) => Math.exp(value - top));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
}

/** The logistic function. */
export function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

/** Throws when an output that the heads name is missing or has the wrong size. */
export function classified(
  heads: readonly Head[],
  outputs: Outputs,
  facts: RunFacts,
): Classification {
  const softmaxes = new Map<string, readonly Scored[]>();
  const flags = new Map<string, readonly Scored[]>();
  let embedding = new Float32Array(0);
  for (const head of heads) {
    const raw = rawOf(head, outputs);
    if (head.kind === "embedding") embedding = Float32Array.from(raw);
    const values = scaled(head, raw);
    if (head.kind === "softmax") softmaxes.set(head.name, ranked(head.labels, softmax(values)));
    if (head.kind === "sigmoid")
      flags.set(head.name, ranked(flagLabels(head), values.map(sigmoid)));
  }
  return { embedding, heads: softmaxes, flags, ...facts };
}

function rawOf(head: Head, outputs: Outputs): Float32Array {
  const raw = outputs.get(head.name);
  if (raw === undefined) throw new Error(`the model has no output "${head.name}"`);
  if (head.kind !== "embedding" && raw.length !== head.labels.length) {
    throw new Error(`output "${head.name}" has ${raw.length} values, not ${head.labels.length}`);
  }
  return raw;
}

function scaled(head: Head, logits: Float32Array): number[] {
  const { temperature, bias } = head;
  return Array.from(
    logits,
    (logit, at) => logit / valueAt(temperature, at, 1) + valueAt(bias, at, 0),
  );
}

function valueAt(value: number | readonly number[], at: number, missing: number): number {
  return typeof value === "number" ? value : (value[at] ?? missing);
}

/** A head with one label is a yes or no of the head's own name. */
function flagLabels(head: Head): readonly string[] {
  return head.labels.length === 1 ? [head.name] : head.labels;
}

function ranked(labels: readonly string[], probabilities: readonly number[]): readonly Scored[] {
  return labels
    .map((label, at) => ({ label, confidence: probability(probabilities[at] ?? 0) }))
    .toSorted((a, b) => b.confidence - a.confidence);
}
