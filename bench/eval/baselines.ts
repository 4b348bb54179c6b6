/** What a head is held against: TF-IDF with a linear model, and the prompt's length, each fitted on the head's own training rows. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { fitLinear, lengthBin, tfIdf, type Featuriser, type Scorer } from "./linear.ts";
import type { Interval } from "./metrics.ts";
import type { Probabilities } from "./model.ts";
import type { HeadRows } from "./rows.ts";

/** Training rows of one head whose texts are known; `all` counts the others too. */
export interface TrainingRows {
  readonly texts: readonly string[];
  readonly targets: readonly string[];
  readonly all: number;
}

/** Scores of a text, one a label. */
export interface Baselines {
  readonly tfIdf: (text: string) => Probabilities;
  readonly length: (text: string) => Probabilities;
  /** Rows that both were fitted on, and rows that the head was. */
  readonly rows: number;
  readonly all: number;
}

/** Deterministic. */
export function fitBaselines(
  kind: HeadRows["kind"],
  labels: readonly string[],
  training: TrainingRows,
): Baselines {
  const words = tfIdf(training.texts);
  const length = lengthBin(training.texts);
  return {
    tfIdf: fitted(words, kind, labels, training),
    length: fitted(length, kind, labels, training),
    rows: training.texts.length,
    all: training.all,
  };
}

function fitted(
  featuriser: Featuriser,
  kind: HeadRows["kind"],
  labels: readonly string[],
  { texts, targets }: TrainingRows,
): (text: string) => Probabilities {
  if (kind === "softmax") {
    const numbers = targets.map((target) => labels.indexOf(target));
    const fit = { texts, labels: numbers, classes: labels.length };
    const score = fitLinear(featuriser, fit);
    return (text) => Array.from(score(text));
  }
  const each: Scorer[] = labels.map((_, at) => {
    const numbers = targets.map((target) => (target[at] === "1" ? 1 : 0));
    return fitLinear(featuriser, { texts, labels: numbers, classes: 2 });
  });
  return (text) => each.map((score) => margin(score(text)));
}

function margin([no = 0, yes = 0]: Float64Array): number {
  return yes - no;
}

const figure = v.tuple([v.number(), v.number(), v.number()]);
const svmSchema = v.object({
  metrics: v.object({
    baselines: v.object({
      linear: v.record(
        v.string(),
        v.object({ tfidf: v.object({ macro_f1: figure, without_generated: figure }) }),
      ),
    }),
  }),
});

/** Macro-F1 of a linear SVM on TF-IDF as the pipeline measured it on the same report rows; null for heads without. */
export function pipelineSvm(
  folder: string,
  head: string,
  rows: "macro_f1" | "without_generated",
): Interval | null {
  const json: unknown = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
  const parsed = v.safeParse(svmSchema, json);
  const found = parsed.success ? parsed.output.metrics.baselines.linear[head] : undefined;
  if (found === undefined) return null;
  const [value, low, high] = found.tfidf[rows];
  return { value, low, high };
}
