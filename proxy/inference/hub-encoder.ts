/** A model in the hub's layout (config.json, tokenizer.json, onnx/) as an encoder, through transformers.js; runs inside the worker only. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { probability } from "../core/brand.ts";
import type { Classification, Scored } from "../core/signals.ts";
import type { Encoder } from "./encoder.ts";
import { libraryFor, pipelineOptions, weightsIn } from "./hub-folder.ts";

const configSchema = v.object({ architectures: v.optional(v.array(v.string()), []) });

const scoresSchema = v.array(v.object({ label: v.string(), score: v.number() }));

// Characters kept of each end of a long text: about the tokens that an artefact's window keeps.
const end = 400;

const sentiments = new Set(["negative", "neutral", "positive"]);

/** Loads `root/id` without asking the network; throws when a file is missing or unreadable. */
export async function loadHubModel(id: string, root: string, threads: number): Promise<Encoder> {
  const folder = join(root, id);
  const text = await readFile(join(folder, "config.json"), "utf8");
  const { architectures } = v.parse(configSchema, JSON.parse(text));
  const weight = weightsIn(id, root);
  const { pipeline } = await libraryFor(root);
  const options = pipelineOptions(weight, threads);
  const facts = {
    name: `${id} (${weight.dtype})`,
    variant: weight.dtype,
    digest: await digestOf([
      join(folder, "onnx", weight.file),
      join(folder, "tokenizer.json"),
      join(folder, "config.json"),
    ]),
  };
  if (architectures.some((name) => name.endsWith("ForSequenceClassification"))) {
    const classify = await pipeline("text-classification", id, options);
    const tokenizer = classify.tokenizer;
    return encoder(facts, tokenizer, async (input) => {
      const scores = v.parse(scoresSchema, await classify(input, { top_k: null }));
      return { embedding: new Float32Array(0), scores };
    });
  }
  const extract = await pipeline("feature-extraction", id, options);
  return encoder(facts, extract.tokenizer, async (input) => {
    const tensor = await extract(input, { pooling: "mean", normalize: true });
    return { embedding: Float32Array.from(tensor.data, Number), scores: [] };
  });
}

interface Facts {
  readonly name: string;
  readonly variant: string;
  readonly digest: string;
}

interface Tokens {
  tokenize(text: string): string[];
  readonly unk_token: string | null;
}

interface Run {
  readonly embedding: Float32Array<ArrayBuffer>;
  readonly scores: readonly { readonly label: string; readonly score: number }[];
}

function encoder(facts: Facts, tokenizer: Tokens, run: (text: string) => Promise<Run>): Encoder {
  const encode = async (text: string): Promise<Classification> => {
    const input = text.length <= 2 * end ? text : `${text.slice(0, end)} ${text.slice(-end)}`;
    const tokens = tokenizer.tokenize(input);
    const unknown = tokens.filter((token) => token === tokenizer.unk_token).length;
    const { embedding, scores } = await run(input);
    return {
      embedding,
      heads: headsOf(scores),
      flags: new Map(),
      tokens: tokens.length,
      unknownShare: tokens.length === 0 ? 1 : unknown / tokens.length,
      model: facts.name,
      modelHash: facts.digest,
    };
  };
  return { ...facts, encode };
}

/** A hub model's labels are one head: `sentiment` when they are sentiments, else `task`. */
function headsOf(scores: Run["scores"]): ReadonlyMap<string, readonly Scored[]> {
  if (scores.length === 0) return new Map();
  const isSentiment = scores.every(({ label }) => sentiments.has(label.toLowerCase()));
  const scored = scores
    .map(({ label, score }) => ({
      label: isSentiment ? label.toLowerCase() : label,
      confidence: probability(score),
    }))
    .toSorted((a, b) => b.confidence - a.confidence);
  return new Map([[isSentiment ? "sentiment" : "task", scored]]);
}

async function digestOf(paths: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const path of paths) {
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  }
  return hash.digest("hex");
}
