import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  judged,
  readCalibration,
  scoreOf,
  type ScoreModel,
} from "../../../proxy/inference/calibration.ts";
import { featureNames } from "../../../proxy/inference/matcher.ts";
import { expectedEmbedding, writeArtefact } from "./tiny-model.ts";

const model: ScoreModel = {
  bias: -1,
  terms: [
    { feature: "similarity", low: 0, high: 1, weight: 2 },
    { feature: "words", low: 0, high: 10, weight: -0.1 },
  ],
  right: [
    [0.2, 0.1],
    [0.8, 0.9],
  ],
  wrong: [
    [0.2, 0.5],
    [0.8, 0.01],
  ],
};

function features(values: Readonly<Record<string, number>>): number[] {
  return featureNames.map((name) => values[name] ?? 0);
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describe("score", () => {
  test("adds values and the bias, each cut to what was seen", () => {
    expect(scoreOf(model, features({ similarity: 0.4 }))).toBeCloseTo(sigmoid(-0.2), 6);
    expect(scoreOf(model, features({ similarity: 0.8, words: 3 }))).toBeCloseTo(sigmoid(0.3), 6);
    expect(scoreOf(model, features({ similarity: 7, words: 99 }))).toBeCloseTo(sigmoid(0), 6);
  });

  test("a measurement that is no number leaves nothing to answer on", () => {
    const found = judged(model, features({ similarity: Number.NaN }));
    expect(found).toEqual({ confidence: 0, wrong: 1 });
  });

  test("is looked up on lines that are straight between their points and level beyond them", () => {
    const score = scoreOf(model, features({ similarity: 0.6 }));
    const found = judged(model, features({ similarity: 0.6 }));
    expect(found.confidence).toBeCloseTo(0.1 + (0.8 * (score - 0.2)) / 0.6, 6);
    expect(found.wrong).toBeCloseTo(0.5 - (0.49 * (score - 0.2)) / 0.6, 6);
    const low = judged({ ...model, bias: -9 }, features({}));
    expect(low).toEqual({ confidence: 0.1, wrong: 0.5 });
    const high = judged({ ...model, bias: 9 }, features({}));
    expect(high).toEqual({ confidence: 0.9, wrong: 0.01 });
    const single = judged({ ...model, right: [[0.5, 0.7]], wrong: [] }, features({}));
    expect(single).toEqual({ confidence: 0.7, wrong: 1 });
  });

  test("confidence rises and the share wrong falls with the score", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), fc.float({ noNaN: true }), (a, b) => {
        const [low, high] = [a, b]
          .toSorted((x, y) => x - y)
          .map((x) => judged(model, features({ similarity: x })));
        expect(low?.confidence ?? 0).toBeLessThanOrEqual(high?.confidence ?? 0);
        expect(low?.wrong ?? 1).toBeGreaterThanOrEqual(high?.wrong ?? 1);
      }),
    );
  });
});

describe("the file", () => {
  const content = {
    format: 1,
    embeddings: [{ text: "hello refund", values: expectedEmbedding([2, 5, 8, 3]) }],
    lexicon: { sentences: 10, groups: [[0.5, "the refund"]] },
    intents: model,
    faq: model,
  };

  function written(change: Readonly<Record<string, unknown>>): string {
    const folder = writeArtefact();
    const json = JSON.stringify({ ...content, ...change });
    writeFileSync(join(folder, "intents-calibration.json"), json);
    return folder;
  }

  test("is read where it was made for the model beside it", async () => {
    expect(await readCalibration(written({}))).toMatchObject({ lexicon: content.lexicon });
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ["another embedding", { embeddings: [{ text: "hello refund", values: [1, 0, 0, 0] }] }],
    ["texts that the model's self-check lacks", { embeddings: [{ text: "bye", values: [1] }] }],
    ["another format", { format: 2 }],
    [
      "a measurement that there is not",
      { faq: { ...model, terms: [{ ...model.terms[0], feature: "luck" }] } },
    ],
    ["no points", { intents: { ...model, wrong: [] } }],
  ])("with %s counts as absent", async (_, change) => {
    expect(await readCalibration(written(change))).toBeNull();
  });

  test("is absent where there is none, or one that is no JSON", async () => {
    const folder = writeArtefact();
    expect(await readCalibration(folder)).toBeNull();
    writeFileSync(join(folder, "intents-calibration.json"), "{");
    expect(await readCalibration(folder)).toBeNull();
  });
});
