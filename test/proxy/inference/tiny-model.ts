/** A whole artefact of a few kilobytes for tests: twenty words, four numbers each, real files, real ONNX. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnxFile, type Graph } from "./onnx-file.ts";

const vocabulary: readonly string[] = [
  ..."[PAD] [UNK] [CLS] [SEP] [MASK] hello good bad refund order where is my money back the".split(
    " ",
  ),
  ..."a b c d".split(" "),
];

const width = 4;

/** Row of a word in the table: fixed numbers without a pattern. */
export function rowOf(id: number): number[] {
  return Array.from({ length: width }, (_, d) => Math.sin(1 + id * 7 + d * d * 3));
}

/** Mean of the rows, of length 1: what the model must give. */
export function expectedEmbedding(ids: readonly number[]): number[] {
  const sum = ids.map(rowOf).reduce((total, row) => total.map((x, d) => x + (row[d] ?? 0)));
  const norm = Math.hypot(...sum);
  return sum.map((x) => x / norm);
}

const sentimentWeights: readonly number[] = [1, -1, 0.5, 2, 0, -2, 0, 1, 1, -1, 3, 0];

/** Logits of the three sentiments for an embedding. */
export function expectedSentiment(embedding: readonly number[]): number[] {
  return [0, 1, 2].map((k) =>
    embedding.reduce((sum, x, d) => sum + x * (sentimentWeights[d * 3 + k] ?? 0), 0),
  );
}

function graph(shift: number): Graph {
  const table = vocabulary.flatMap((_, id) => rowOf(id).map((x) => x + shift));
  return {
    inputs: ["input_ids", "attention_mask"],
    outputs: [
      { name: "embedding", rank: 2 },
      { name: "sentiment", rank: 2 },
      { name: "injection", rank: 2 },
    ],
    weights: [
      { name: "words", shape: [vocabulary.length, width], values: table },
      { name: "w.sentiment", shape: [width, 3], values: sentimentWeights },
      { name: "w.injection", shape: [width, 1], values: [1, 2, 3, 4] },
    ],
    operators: [
      { kind: "Gather", inputs: ["words", "input_ids"], output: "rows" },
      {
        kind: "ReduceMean",
        inputs: ["rows"],
        output: "mean",
        lists: { axes: [1] },
        integers: { keepdims: 0 },
      },
      {
        kind: "LpNormalization",
        inputs: ["mean"],
        output: "embedding",
        integers: { axis: 1, p: 2 },
      },
      { kind: "MatMul", inputs: ["embedding", "w.sentiment"], output: "sentiment" },
      { kind: "MatMul", inputs: ["embedding", "w.injection"], output: "injection" },
    ],
  };
}

const ends = {
  type: "TemplateProcessing",
  single: [
    { SpecialToken: { id: "[CLS]", type_id: 0 } },
    { Sequence: { id: "A", type_id: 0 } },
    { SpecialToken: { id: "[SEP]", type_id: 0 } },
  ],
  pair: [],
  special_tokens: {
    "[CLS]": { id: "[CLS]", ids: [2], tokens: ["[CLS]"] },
    "[SEP]": { id: "[SEP]", ids: [3], tokens: ["[SEP]"] },
  },
};

/** A tokenizer.json for a vocabulary that begins with five special tokens; `hasEnds` puts [CLS] and [SEP] around a text. */
export function tokenizerJson(words: readonly string[] = vocabulary, hasEnds = true): string {
  return JSON.stringify({
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: words.slice(0, 5).map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: hasEnds ? ends : null,
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(words.map((word, id) => [word, id])),
    },
  });
}

/** Deviations from a sound artefact. */
export interface Flaws {
  /** Added to every weight of the default variant. */
  readonly defaultShift?: number;
  readonly reduceRangeShift?: number;
  /** Leaves out the second variant. */
  readonly single?: boolean;
  /** Overrides parts of the manifest. */
  readonly manifest?: Readonly<Record<string, unknown>>;
}

const checkIds = [2, 5, 8, 3];

/** Writes an artefact into a new folder and returns the folder. */
export function writeArtefact(flaws: Flaws = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "sidestep-model-"));
  const files: Record<string, Buffer> = {
    "model.onnx": onnxFile(graph(flaws.defaultShift ?? 0)),
    "model.reduce-range.onnx": onnxFile(graph(flaws.reduceRangeShift ?? 0)),
    "tokenizer.json": Buffer.from(tokenizerJson()),
  };
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  const embedding = expectedEmbedding(checkIds);
  const outputs = { embedding, sentiment: expectedSentiment(embedding) };
  const manifest = {
    format: 1,
    name: "tiny",
    version: "1",
    files: Object.fromEntries(
      Object.entries(files).map(([name, bytes]) => [
        name,
        { sha256: createHash("sha256").update(bytes).digest("hex"), bytes: bytes.length },
      ]),
    ),
    variants: {
      default: "model.onnx",
      ...(flaws.single === true ? {} : { reduce_range: "model.reduce-range.onnx" }),
    },
    window: { max_tokens: 10, head: 4, tail: 4, cls_id: 2, sep_id: 3 },
    tokenizer: { file: "tokenizer.json", unk_id: 1, pad_id: 0 },
    heads: [
      { name: "embedding", kind: "embedding", size: width },
      {
        name: "sentiment",
        kind: "softmax",
        labels: ["negative", "neutral", "positive"],
        temperature: 2,
      },
      { name: "injection", kind: "sigmoid", labels: ["attack"], temperature: [0.5], bias: [-1] },
    ],
    selfcheck: {
      tolerance: { embedding: 0.001, logits: 0.01 },
      cases: [
        {
          text: "hello refund",
          ids: checkIds,
          outputs: { default: outputs, reduce_range: outputs },
        },
      ],
    },
    ...flaws.manifest,
  };
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
  return folder;
}

/** Writes a model in the hub's layout below `root` and returns its id. */
export function writeHubModel(root: string, kind: "embedding" | "sentiment" | "topics"): string {
  const id = `tiny/${kind}`;
  const folder = join(root, id);
  mkdirSync(join(folder, "onnx"), { recursive: true });
  const isEmbedding = kind === "embedding";
  const labels =
    kind === "sentiment" ? ["NEGATIVE", "NEUTRAL", "POSITIVE"] : ["billing", "travel", "other"];
  const base = graph(0);
  writeFileSync(
    join(folder, "onnx", "model.onnx"),
    onnxFile({
      ...base,
      inputs: ["input_ids", "attention_mask", "token_type_ids"],
      outputs: isEmbedding
        ? [{ name: "last_hidden_state", rank: 3 }]
        : [{ name: "logits", rank: 2 }],
      operators: base.operators
        .filter(({ output }) => (isEmbedding ? output === "rows" : output !== "injection"))
        .map((operator) => renamed(operator, isEmbedding)),
    }),
  );
  writeFileSync(
    join(folder, "config.json"),
    JSON.stringify({
      model_type: "bert",
      architectures: [isEmbedding ? "BertModel" : "BertForSequenceClassification"],
      hidden_size: width,
      id2label: Object.fromEntries(labels.map((label, at) => [at, label])),
      label2id: Object.fromEntries(labels.map((label, at) => [label, at])),
    }),
  );
  writeFileSync(join(folder, "tokenizer.json"), tokenizerJson());
  writeFileSync(
    join(folder, "tokenizer_config.json"),
    JSON.stringify({
      tokenizer_class: "BertTokenizer",
      do_lower_case: true,
      model_max_length: 128,
      unk_token: "[UNK]",
      pad_token: "[PAD]",
      cls_token: "[CLS]",
      sep_token: "[SEP]",
      mask_token: "[MASK]",
    }),
  );
  return id;
}

function renamed(
  operator: Graph["operators"][number],
  isEmbedding: boolean,
): Graph["operators"][number] {
  if (isEmbedding) return { ...operator, output: "last_hidden_state" };
  return operator.output === "sentiment" ? { ...operator, output: "logits" } : operator;
}
