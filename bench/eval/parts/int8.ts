/** Part `int8`: both INT8 variants through the shipped runtime against the FP32 outputs that the pipeline stored. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { readManifest } from "../../../proxy/inference/manifest.ts";
import { dot } from "../../../proxy/inference/vectors.ts";
import type { Context } from "../context.ts";
import { plainly, quantile } from "../metrics.ts";
import { headOf, Model, probabilitiesOf, variantFolder } from "../model.ts";
import { count, measured, share, type Cell, type PartResult, type TableRow } from "../result.ts";
import type { HeadRows } from "../rows.ts";
import { best, mainFigure, taskOf, type Scores, type Task } from "../scored.ts";

/** Runs the part. */
export async function int8Part(context: Context): Promise<PartResult> {
  const { model } = context;
  const texts = textsOf(context);
  await model.run(texts, "INT8");
  if (model.manifest.variants.reduce_range === null) return result(context, [model]);
  const { folder, close } = variantFolder(model.folder, "reduce_range");
  const other = new Model(folder, await readManifest(folder));
  try {
    await other.run(texts, "INT8, reduce_range");
    return result(context, [model, other]);
  } finally {
    await other.close();
    close();
  }
}

function textsOf({ rows }: Context): readonly string[] {
  return [
    ...rows.heads.flatMap((head) => head.rows.map(({ text }) => text)),
    ...rows.embeddings.map(({ text }) => text),
  ];
}

const names = ["INT8", "INT8 reduce_range"];

function result(context: Context, models: readonly Model[]): PartResult {
  const variants = names.slice(0, models.length);
  const heads = {
    name: "int8",
    title: "Heads: INT8 against FP32 on the same report rows",
    columns: [
      "head",
      "rows",
      "FP32",
      ...variants,
      ...variants.map((name) => `${name} of FP32`),
      ...variants.map((name) => `equal decisions, ${name}`),
    ],
    rows: context.rows.heads.map((head) => headRow(context, head, models)),
    note: "Macro-F1, AUROC or mean AUROC. FP32: the unquantised graph's outputs as the pipeline stored them, with the same calibration. Equal decisions: the best label, or each label's side of one half.",
  };
  const embeddings = {
    name: "int8-embedding",
    title: "Embedding: cosine of INT8 and FP32",
    columns: ["variant", "texts", "mean", "5th percentile", "least", "file"],
    rows: models.map((model, at) => embeddingRow(context, model, names[at] ?? "")),
  };
  return { tables: [heads, embeddings], pictures: [] };
}

function headRow(context: Context, head: HeadRows, models: readonly Model[]): TableRow {
  const task = taskOf(head);
  const rule = headOf(context.model.manifest, head.name);
  const fp32 = head.rows.map((row) => probabilitiesOf(rule, row.fp32));
  const each = models.map((model) =>
    head.rows.map(({ text }) => model.probabilities(head.name, text)),
  );
  const figure = (scores: Scores): number => plainly(mainFigure(task, scores), head.rows.length);
  const whole = figure(fp32);
  const cells: readonly Cell[] = [
    count(head.rows.length),
    share(whole),
    ...each.map((scores) => share(figure(scores))),
    ...each.map((scores) => share(figure(scores) / whole)),
    ...each.map((scores) => share(agreement(task, scores, fp32))),
  ];
  return { name: head.name, cells };
}

/** Share of equal decisions. */
function agreement(task: Task, one: Scores, two: Scores): number {
  const equal = one.flatMap((row, at) => {
    const other = two[at] ?? [];
    if (task.kind === "softmax") return [best(row) === best(other)];
    return row.map((value, k) => value >= 0.5 === (other[k] ?? 0) >= 0.5);
  });
  return equal.filter(Boolean).length / equal.length;
}

function embeddingRow({ rows }: Context, model: Model, name: string): TableRow {
  const cosines = rows.embeddings
    .map(({ text, vector }) => dot(model.of(text).embedding, vector))
    .toSorted((a, b) => a - b);
  const mean = cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
  return {
    name,
    cells: [
      count(cosines.length),
      share(mean),
      share(quantile(cosines, 0.05)),
      share(cosines[0] ?? Number.NaN),
      measured(statSync(join(model.folder, model.manifest.variants.default)).size / 1e6, "MB"),
    ],
  };
}
