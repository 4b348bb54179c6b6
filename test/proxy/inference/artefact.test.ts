import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { createClassifier, type LocalClassifier } from "../../../proxy/inference/classifier.ts";
import { readManifest } from "../../../proxy/inference/manifest.ts";
import {
  expectedEmbedding,
  expectedSentiment,
  rowOf,
  writeArtefact,
  type Flaws,
} from "./tiny-model.ts";

const opened: LocalClassifier[] = [];

afterEach(async () => {
  for (const classifier of opened.splice(0)) await classifier.close();
});

function load(model: string): LocalClassifier {
  const classifier = createClassifier({ model, restart: { limit: 0 } });
  opened.push(classifier);
  return classifier;
}

async function failure(model: string): Promise<string | null> {
  const { status, error } = await load(model).ready;
  expect(status).toBe("failed");
  return error;
}

const later = (): number => performance.now() + 50_000;

describe("a sound artefact", () => {
  test("gives the embedding and calibrated probabilities of the graph", async () => {
    const classifier = load(writeArtefact());
    expect(await classifier.ready).toMatchObject({
      status: "ready",
      model: { name: "tiny-v1 (default)", variant: "default" },
    });
    const result = await classifier.classify("Hello, REFUND strange", later());
    if ("kind" in result) throw new Error(result.reason);
    // [CLS] hello [UNK](,) refund [UNK] [SEP]
    const embedding = expectedEmbedding([2, 5, 1, 8, 1, 3]);
    const sentiment = expectedSentiment(embedding).map((logit) => Math.exp(logit / 2));
    const total = sentiment.reduce((sum, x) => sum + x, 0);
    const injection = embedding.reduce((sum, x, d) => sum + x * (d + 1), 0);
    expect(result.embedding).toHaveLength(4);
    embedding.forEach((x, d) => expect(result.embedding[d]).toBeCloseTo(x, 5));
    const scored = result.heads.get("sentiment") ?? [];
    expect(scored.map(({ confidence }) => confidence)).toEqual(
      scored.map(({ confidence }) => confidence).toSorted((a, b) => b - a),
    );
    ["negative", "neutral", "positive"].forEach((label, k) => {
      const found = scored.find((one) => one.label === label);
      expect(found?.confidence).toBeCloseTo((sentiment[k] ?? 0) / total, 5);
    });
    expect(result.flags.get("injection")).toHaveLength(1);
    expect(result.flags.get("injection")?.[0]?.label).toBe("injection");
    expect(result.flags.get("injection")?.[0]?.confidence).toBeCloseTo(
      1 / (1 + Math.exp(-(injection / 0.5 - 1))),
      5,
    );
    expect(result).toMatchObject({ tokens: 6, unknownShare: 0.5, model: "tiny-v1 (default)" });
  });

  test("cuts the window to its head and tail tokens", async () => {
    const classifier = load(writeArtefact());
    await classifier.ready;
    const words = "hello good bad refund order where is my money back the a".split(" ");
    const result = await classifier.classify(words.join(" "), later());
    if ("kind" in result) throw new Error(result.reason);
    expect(result.tokens).toBe(10);
    // Four of each end between the special tokens.
    const embedding = expectedEmbedding([2, 5, 6, 7, 8, 13, 14, 15, 16, 3]);
    embedding.forEach((x, d) => expect(result.embedding[d]).toBeCloseTo(x, 5));
  });

  test("reads a text without a word as wholly unknown", async () => {
    const classifier = load(writeArtefact());
    await classifier.ready;
    expect(await classifier.classify("   ", later())).toMatchObject({ tokens: 2, unknownShare: 1 });
  });

  test("is found by a directory relative to the base", async () => {
    const folder = writeArtefact();
    const classifier = createClassifier({ model: "..", base: join(folder, "below"), threads: 1 });
    opened.push(classifier);
    expect((await classifier.ready).model?.folder).toBe(folder);
  });
});

describe("variants", () => {
  test("takes reduce_range where the default one fails its self-check", async () => {
    const classifier = load(writeArtefact({ defaultShift: 0.5 }));
    expect((await classifier.ready).model).toMatchObject({
      name: "tiny-v1 (reduce_range)",
      variant: "reduce_range",
    });
    expect(await classifier.classify("hello", later())).toMatchObject({
      model: "tiny-v1 (reduce_range)",
    });
  });

  test.each<[string, Flaws]>([
    ["both fail", { defaultShift: 0.5, reduceRangeShift: 0.5 }],
    ["the only one fails", { defaultShift: 0.5, single: true }],
  ])("runs without a model where %s", async (_, flaws) => {
    expect(await failure(writeArtefact(flaws))).toMatch(/self-check/u);
  });

  test("a self-check with other token ids fails: the tokenizer is part of the model", async () => {
    const { selfcheck } = await readManifest(writeArtefact());
    const cases = selfcheck.cases.map((one) => ({ ...one, ids: [2, 5, 9, 3] }));
    const folder = writeArtefact({ manifest: { selfcheck: { ...selfcheck, cases } } });
    expect(await failure(folder)).toMatch(/self-check/u);
  });

  test("a self-check that names an output the model lacks fails", async () => {
    const { selfcheck } = await readManifest(writeArtefact());
    const cases = selfcheck.cases.map((one) => ({ ...one, outputs: { default: { task: [1] } } }));
    const folder = writeArtefact({
      single: true,
      manifest: { selfcheck: { ...selfcheck, cases } },
    });
    expect(await failure(folder)).toMatch(/self-check/u);
  });
});

describe("damage", () => {
  test.each(["model.onnx", "tokenizer.json"])("a changed byte of %s is noticed", async (file) => {
    const folder = writeArtefact();
    const bytes = readFileSync(join(folder, file));
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(join(folder, file), bytes);
    expect(await failure(folder)).toBe(`${file} does not match its SHA-256`);
  });

  test("a file that is gone is named", async () => {
    const folder = writeArtefact();
    rmSync(join(folder, "model.onnx"));
    expect(await failure(folder)).toMatch(/model\.onnx/u);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ["another format", { format: 2 }, /manifest\.json: format/u],
    ["no heads", { heads: [] }, /manifest\.json: heads/u],
    [
      "a temperature of 0",
      { heads: [{ name: "x", kind: "softmax", temperature: 0 }] },
      /temperature/u,
    ],
    ["an unlisted file", { variants: { default: "other.onnx" } }, /other\.onnx is not listed/u],
    [
      "a file outside the folder",
      {
        variants: { default: "../x" },
        files: { "../x": { sha256: "00" }, "tokenizer.json": { sha256: "00" } },
      },
      /tokenizer\.json does not match/u,
    ],
    [
      "a head of another size",
      { heads: [{ name: "sentiment", kind: "softmax", labels: ["only"] }] },
      /"sentiment" has 3 values, not 1/u,
    ],
    [
      "a head without an output",
      { heads: [{ name: "task", kind: "softmax", labels: ["only"] }] },
      /no output "task"/u,
    ],
  ])("a manifest with %s is refused", async (_, manifest, message) => {
    expect(await failure(writeArtefact({ manifest }))).toMatch(message);
  });

  test("a manifest cannot name files outside its folder", async () => {
    const folder = writeArtefact();
    const manifest = await readManifest(folder);
    const moved = { ...manifest.files, "../x": { sha256: "00" } };
    const outside = writeArtefact({ manifest: { files: moved, variants: { default: "../x" } } });
    expect(await failure(outside)).toBe("../x lies outside the artefact");
  });

  test("a manifest that is no JSON is refused", async () => {
    const folder = writeArtefact();
    writeFileSync(join(folder, "manifest.json"), "{");
    expect(await failure(folder)).toMatch(/JSON/u);
  });
});

test("the fixture's rows differ, or nothing here would prove anything", () => {
  expect(rowOf(5)).not.toEqual(rowOf(8));
});
