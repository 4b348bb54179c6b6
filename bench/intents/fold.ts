/** A model together with the sets whose intents it never trained on: policies made of those show what a user's own intents are worth. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { createClassifier } from "../../proxy/inference/classifier.ts";
import type { Vectors } from "./simulation.ts";

/** One artefact of the training's stage `folds`, or any other model. */
export interface Fold {
  readonly folder: string;
  /** Whether the model never saw the intents of a source. */
  readonly isUnknown: (source: string) => boolean;
}

const manifestSchema = v.object({
  training: v.object({ left_out: v.optional(v.array(v.string())) }),
});

/** A model that names no set left out counts as one that knows none. */
export function readFold(folder: string): Fold {
  const json: unknown = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
  const families = v.parse(manifestSchema, json).training.left_out;
  const isUnknown = (source: string): boolean =>
    families === undefined || families.some((family) => source.startsWith(family));
  return { folder, isUnknown };
}

/** The fold's vectors of all texts; kept in the cache folder between runs. */
export async function embedAll(
  { folder }: Fold,
  cache: string,
  texts: readonly string[],
): Promise<Vectors> {
  const classifier = createClassifier({
    model: folder,
    cache: { maxEntries: 500_000, folder: cache },
  });
  try {
    const state = await classifier.ready;
    process.stdout.write(`model ${state.model?.name ?? state.error} of ${folder}\n`);
    let shown = 0;
    const distinct = [...new Set(texts)];
    const vectors = await classifier.embed(distinct, (done, total) => {
      if (done - shown < 10_000) return;
      shown = done;
      process.stdout.write(`embedded ${done} of ${total}\n`);
    });
    const byText = new Map(distinct.map((text, at) => [text, vectors[at] ?? new Float32Array(0)]));
    return (text) => byText.get(text) ?? new Float32Array(0);
  } finally {
    await classifier.close();
  }
}
