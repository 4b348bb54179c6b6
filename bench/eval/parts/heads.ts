/** Part `heads`: every head on its report rows and on public splits, with intervals, calibration error and baselines. */
import { calibrationPicture } from "../calibration-picture.ts";
import { pipelineSvm } from "../baselines.ts";
import type { Context } from "../context.ts";
import { accuracyOf, withInterval } from "../metrics.ts";
import {
  count,
  none,
  share,
  shareBetween,
  type Cell,
  type Drawn,
  type PartResult,
  type Table,
  type TableRow,
} from "../result.ts";
import type { EvalRow, HeadRows } from "../rows.ts";
import {
  figureName,
  headBins,
  headError,
  labelAuroc,
  mainFigure,
  picked,
  pickedScores,
  rights,
  taskOf,
  type Scores,
  type Task,
} from "../scored.ts";
import { publicTables } from "./public-splits.ts";

/** A head with every scorer's scores of its rows. */
export interface HeadScores {
  readonly head: HeadRows;
  readonly task: Task;
  readonly model: Scores;
  readonly tfIdf: Scores;
  readonly length: Scores;
  readonly base: Scores;
}

// A label of fewer rows says nothing about itself.
const leastRows = 10;

/** Runs the part. */
export async function headsPart(context: Context): Promise<PartResult> {
  const scored: HeadScores[] = [];
  for (const head of context.rows.heads) scored.push(await scoresOf(context, head));
  const tables = [
    mainTable("heads", "Report rows", scored, () => true),
    mainTable("heads-real", "Report rows without those that templates made", scored, isReal),
    ...svmTables(context),
    ...scored.filter(({ head }) => isManyLabelled(head)).map(labelsTable),
    ...scored.filter(({ task }) => task.kind === "softmax").map(sourcesTable),
    ...(await publicTables(context)),
  ];
  return { tables, pictures: [reliabilityPicture(scored)] };
}

/** The model's and the baselines' scores of a head's rows. */
export async function scoresOf(context: Context, head: HeadRows): Promise<HeadScores> {
  const texts = head.rows.map(({ text }) => text);
  await context.model.run(texts, head.name);
  const baselines = context.baselines(head.name);
  return {
    head,
    task: taskOf(head),
    model: texts.map((text) => context.model.probabilities(head.name, text)),
    tfIdf: texts.map(baselines.tfIdf),
    length: texts.map(baselines.length),
    base: head.rows.map(({ base }) => Array.from(base)),
  };
}

function isReal({ source }: EvalRow): boolean {
  return source !== "generated";
}

function isManyLabelled({ kind, labels }: HeadRows): boolean {
  return kind === "sigmoid" && labels.length > 1;
}

const columns = [
  "head",
  "figure",
  "rows",
  "this model",
  "accuracy",
  "ECE",
  "TF-IDF",
  "base encoder",
  "length",
];

function mainTable(
  name: string,
  title: string,
  scored: readonly HeadScores[],
  isWanted: (row: EvalRow) => boolean,
): Table {
  const rows = scored.map((one) => mainRow(one, placesOf(one.head, isWanted)));
  return {
    name,
    title,
    columns: [columns[0] ?? "", ...columns.slice(2)],
    rows,
    note:
      "INT8 through the shipped runtime; 95 % bootstrap intervals over rows. The figure is macro-F1, AUROC or the mean AUROC " +
      "over labels, as the row says; the baselines have the same figure. TF-IDF and length: linear models on the head's training rows " +
      "whose text stands in the sets; base encoder: a linear model on its sentence embedding, fitted by the pipeline.",
  };
}

/** Rows that are wanted; those of labels with too few rows are left out. */
function placesOf(
  { rows, kind }: HeadRows,
  isWanted: (row: EvalRow) => boolean,
): readonly number[] {
  const places = rows.flatMap((row, at) => (isWanted(row) ? [at] : []));
  if (kind === "sigmoid") return places;
  const counts = new Map<string, number>();
  for (const at of places) {
    const target = rows[at]?.target ?? "";
    counts.set(target, (counts.get(target) ?? 0) + 1);
  }
  return places.filter((at) => (counts.get(rows[at]?.target ?? "") ?? 0) >= leastRows);
}

function mainRow({ head, task, ...scores }: HeadScores, places: readonly number[]): TableRow {
  const own = picked(task, places);
  const cells =
    places.length === 0
      ? emptyCells
      : cellsOf(own, {
          model: pickedScores(scores.model, places),
          others: [scores.tfIdf, scores.base, scores.length].map((one) =>
            pickedScores(one, places),
          ),
        });
  return { name: `${head.name}, ${figureName(head)}`, cells };
}

const emptyCells: readonly Cell[] = [count(0), none, none, none, none, none, none];

/** Rows, main figure, accuracy, calibration error, then the others' main figures. */
function cellsOf(
  task: Task,
  { model, others }: { readonly model: Scores; readonly others: readonly Scores[] },
): readonly Cell[] {
  const size = task.targets.length;
  return [
    count(size),
    shareBetween(withInterval(mainFigure(task, model), size)),
    shareBetween(withInterval(accuracyOf(rights(task, model)), size)),
    share(headError(task, model)),
    ...others.map((scores) => shareBetween(withInterval(mainFigure(task, scores), size))),
  ];
}

/** A stronger linear model than ours on the same words, where the pipeline has fitted one. */
function svmTables({ model, rows }: Context): readonly Table[] {
  const found = rows.heads.flatMap(({ name }) => {
    const all = pipelineSvm(model.folder, name, "macro_f1");
    const real = pipelineSvm(model.folder, name, "without_generated");
    return all === null || real === null
      ? []
      : [{ name, cells: [shareBetween(all), shareBetween(real)] }];
  });
  if (found.length === 0) return [];
  return [
    {
      name: "heads-svm",
      title: "TF-IDF with a linear SVM, macro-F1 on the same rows, as the pipeline measured it",
      columns: ["head", "report rows", "without those that templates made"],
      rows: found,
    },
  ];
}

function labelsTable({ head, task, model, tfIdf, length, base }: HeadScores): Table {
  const size = head.rows.length;
  return {
    name: `labels-${head.name}`,
    title: `Labels of \`${head.name}\`, AUROC each`,
    columns: ["label", "rows with it", "this model", "TF-IDF", "base encoder", "length"],
    rows: head.labels.map((label, at) => ({
      name: label,
      cells: [
        count(head.rows.filter(({ target }) => target[at] === "1").length),
        ...[model, tfIdf, base, length].map((scores) =>
          shareBetween(withInterval(labelAuroc(task, scores, at), size)),
        ),
      ],
    })),
  };
}

function sourcesTable({ head, task, model, tfIdf }: HeadScores): Table {
  const sources = [...new Set(head.rows.map(({ source }) => source))].toSorted();
  return {
    name: `sources-${head.name}`,
    title: `Accuracy of \`${head.name}\` by source`,
    columns: ["source", "rows", "this model", "TF-IDF"],
    rows: sources.map((source) => {
      const places = placesFrom(head, source);
      const own = picked(task, places);
      const cells = [model, tfIdf].map((scores) =>
        shareBetween(
          withInterval(accuracyOf(rights(own, pickedScores(scores, places))), places.length),
        ),
      );
      return { name: source, cells: [count(places.length), ...cells] };
    }),
    note: "Other rows of these sources were trained on; for sources left out see further below.",
  };
}

function placesFrom({ rows }: HeadRows, source: string): readonly number[] {
  return rows.flatMap((row, at) => (row.source === source ? [at] : []));
}

function reliabilityPicture(scored: readonly HeadScores[]): Drawn {
  const groups = scored
    .filter(({ task }) => task.kind === "softmax" || task.labels.length === 1)
    .map(({ head, task, model }) => ({ name: head.name, bins: headBins(task, model)[0] ?? [] }));
  return calibrationPicture(
    { file: "calibration.svg", title: "Calibration on report rows", y: "share right" },
    groups,
  );
}
