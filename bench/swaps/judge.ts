/** Puts a swap set to a FAQ index of the model, and counts by kind what was answered. */
import { readCalibration } from "../../proxy/inference/calibration.ts";
import { createClassifier } from "../../proxy/inference/classifier.ts";
import { indexFaq } from "../../proxy/inference/faq.ts";
import type { Case, SwapSet } from "./generate.ts";

/** Of one kind in one language: asked, answered with the entry's answer, answered with another's. */
export interface Count {
  readonly asked: number;
  readonly own: number;
  readonly other: number;
  /** Questions that got an answer they should not have, or none that they should have. */
  readonly missed: readonly string[];
}

/** By "language kind". */
export type Counts = ReadonlyMap<string, Count>;

export interface SwapResult {
  readonly swaps: Counts;
  readonly rewrites: Counts;
  /** Milliseconds to index all entries, embedding them included, and of that to embed them. */
  readonly indexMs: number;
  readonly embedMs: number;
  /** Milliseconds to look one question up, embedding it apart: mean and 99th percentile. */
  readonly matchMs: { readonly mean: number; readonly p99: number };
}

/** Rejects when the model cannot be loaded. */
export async function judgeSwaps(
  set: SwapSet,
  model: string,
  maxWrong: number,
): Promise<SwapResult> {
  const classifier = createClassifier({ model });
  try {
    const state = await classifier.ready;
    const folder = state.model?.folder ?? null;
    if (folder === null) throw new Error(`no model: ${state.error ?? model}`);
    const embed = classifier.embed.bind(classifier);
    const embedMs = await timed(() => embed(set.entries.flatMap(({ questions }) => questions)));
    const calibration = await readCalibration(folder);
    const started = performance.now();
    const index = await indexFaq({ file: "swaps.yaml", entries: set.entries }, embed, calibration);
    const indexMs = embedMs + performance.now() - started;
    const times: number[] = [];
    const answered = async (cases: readonly Case[]): Promise<readonly (string | null)[]> => {
      const vectors = await embed(cases.map(({ text }) => text));
      return cases.map(({ text }, at) => {
        const from = performance.now();
        const match = index.match(text, vectors[at] ?? new Float32Array(0), maxWrong);
        times.push(performance.now() - from);
        return match.kind === "match" ? match.id : null;
      });
    };
    const swaps = countsOf(set.swaps, await answered(set.swaps), (_, id) => id !== null);
    const rewrites = await answered(set.rewrites);
    return {
      swaps,
      rewrites: countsOf(set.rewrites, rewrites, (one, id) => id !== one.id),
      indexMs,
      embedMs,
      matchMs: summaryOf(times),
    };
  } finally {
    await classifier.close();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function summaryOf(times: readonly number[]): SwapResult["matchMs"] {
  const mean = times.reduce((sum, one) => sum + one, 0) / Math.max(1, times.length);
  const rising = times.toSorted((a, b) => a - b);
  return { mean, p99: rising[Math.floor(0.99 * rising.length)] ?? 0 };
}

function countsOf(
  cases: readonly Case[],
  ids: readonly (string | null)[],
  isMissed: (one: Case, id: string | null) => boolean,
): Counts {
  const judged = cases.map((one, at) => ({ one, id: ids[at] ?? null }));
  const groups = Map.groupBy(judged, ({ one }) => `${one.language} ${one.kind}`);
  return new Map(
    [...groups].map(([name, group]) => [
      name,
      {
        asked: group.length,
        own: group.filter(({ one, id }) => id === one.id).length,
        other: group.filter(({ one, id }) => id !== null && id !== one.id).length,
        missed: group.flatMap(({ one, id }) => (isMissed(one, id) ? [one.text] : [])),
      },
    ]),
  );
}
