import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createClassifier, type LocalClassifier } from "../../../proxy/inference/classifier.ts";
import { expectedEmbedding, expectedSentiment, writeHubModel } from "./tiny-model.ts";

const opened: LocalClassifier[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const classifier of opened.splice(0)) await classifier.close();
});

function load(
  kind: "embedding" | "sentiment" | "topics",
  damage?: (root: string) => void,
): LocalClassifier {
  const root = mkdtempSync(join(tmpdir(), "sidestep-hub-"));
  const model = writeHubModel(root, kind);
  damage?.(root);
  vi.stubEnv("SIDESTEP_MODELS", root);
  const classifier = createClassifier({ model, restart: { limit: 0 } });
  opened.push(classifier);
  return classifier;
}

const later = (): number => performance.now() + 50_000;
const ids = [2, 5, 8, 3];

describe("a hub id", () => {
  test("of a feature extractor gives its mean-pooled embedding of length 1", async () => {
    const classifier = load("embedding");
    expect(await classifier.ready).toMatchObject({
      status: "ready",
      model: { name: "tiny/embedding (fp32)", folder: null },
    });
    const result = await classifier.classify("hello refund", later());
    if ("kind" in result) throw new Error(result.reason);
    expectedEmbedding(ids).forEach((x, d) => expect(result.embedding[d]).toBeCloseTo(x, 5));
    expect(result).toMatchObject({ tokens: 2, unknownShare: 0, model: "tiny/embedding (fp32)" });
    expect(result.heads.size).toBe(0);
  });

  test.each([
    ["sentiment", "sentiment", ["negative", "neutral", "positive"]],
    ["topics", "task", ["billing", "travel", "other"]],
  ] as const)(
    "of a classifier (%s) gives its labels as the head %s",
    async (kind, head, labels) => {
      const classifier = load(kind);
      await classifier.ready;
      const result = await classifier.classify("hello refund", later());
      if ("kind" in result) throw new Error(result.reason);
      const powers = expectedSentiment(expectedEmbedding(ids)).map(Math.exp);
      const total = powers.reduce((sum, x) => sum + x, 0);
      const scored = result.heads.get(head) ?? [];
      labels.forEach((label, k) => {
        const found = scored.find((one) => one.label === label);
        expect(found?.confidence).toBeCloseTo((powers[k] ?? 0) / total, 5);
      });
      expect(result.embedding).toHaveLength(0);
      expect(await classifier.embed(["hello"])).toEqual([new Float32Array(0)]);
    },
  );

  test("cuts long texts and counts unknown tokens", async () => {
    const classifier = load("embedding");
    await classifier.ready;
    const result = await classifier.classify(`hello ${"zzz ".repeat(5000)} refund`, later());
    if ("kind" in result) throw new Error(result.reason);
    expect(result.tokens).toBeLessThan(300);
    expect(result.unknownShare).toBeGreaterThan(0.9);
  });

  test("that is in no local folder says where to put it, and nothing is downloaded", async () => {
    const classifier = createClassifier({ model: "no-such/model", restart: { limit: 0 } });
    opened.push(classifier);
    expect((await classifier.ready).error).toMatch(/nothing is downloaded.*SIDESTEP_MODELS/u);
  });

  test("without its weights names what is missing", async () => {
    const classifier = load("topics", (root) =>
      rmSync(join(root, "tiny", "topics", "onnx"), { recursive: true }),
    );
    expect((await classifier.ready).error).toBe('model "tiny/topics": there is no onnx/model.onnx');
  });
});
