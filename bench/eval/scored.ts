/** A head's rows with somebody's scores for them: the model's, a baseline's; and the figures that follow. */
import {
  aurocOf,
  calibrationError,
  macroF1Of,
  meanOf,
  reliability,
  type Bin,
  type Figure,
} from "./metrics.ts";
import type { Probabilities } from "./model.ts";
import type { HeadRows } from "./rows.ts";

/** What a head tells apart, and its rows' labels. */
export interface Task {
  readonly kind: HeadRows["kind"];
  readonly labels: readonly string[];
  /** A label, or one digit a label of a sigmoid head. */
  readonly targets: readonly string[];
}

/** Scores of every row, one a label; any rising scale will do for all but calibration. */
export type Scores = readonly Probabilities[];

/** Position of the largest; the first of equals. */
export function best(scores: Probabilities): number {
  return scores.reduce((found, score, at) => (score > (scores[found] ?? 0) ? at : found), 0);
}

/** Positions of a softmax head's true labels. */
function truths({ labels, targets }: Task): readonly number[] {
  const place = new Map(labels.map((label, at) => [label, at]));
  return targets.map((target) => place.get(target) ?? -1);
}

/** Whether each row has the label at `at`. */
function hasLabel({ targets }: Task, at: number): readonly boolean[] {
  return targets.map((target) => target[at] === "1");
}

/** What the main figure is called. */
export function figureName({ kind, labels }: Pick<Task, "kind" | "labels">): string {
  if (kind === "softmax") return "macro-F1";
  return labels.length === 1 ? "AUROC" : "mean AUROC";
}

/** Macro-F1 of a softmax head, AUROC of a sigmoid head, mean over its labels. */
export function mainFigure(task: Task, scores: Scores): Figure {
  if (task.kind === "softmax") return macroF1Of(truths(task), scores.map(best));
  return meanOf(task.labels.map((_, at) => labelAuroc(task, scores, at)));
}

/** AUROC of one label of a sigmoid head. */
export function labelAuroc(task: Task, scores: Scores, at: number): Figure {
  return aurocOf(
    hasLabel(task, at),
    scores.map((row) => row[at] ?? 0),
  );
}

/** Whether each row's best label is right, or all its labels are on the right side of one half. */
export function rights(task: Task, scores: Scores): readonly boolean[] {
  if (task.kind === "softmax") {
    const wanted = truths(task);
    return scores.map((row, at) => best(row) === wanted[at]);
  }
  return scores.map((row, at) =>
    row.every((score, k) => score >= 0.5 === (task.targets[at]?.[k] === "1")),
  );
}

/** Calibration error of probabilities: of the best label, or the mean over a sigmoid head's labels. */
export function headError(task: Task, probabilities: Scores): number {
  const errors = confidencesOf(task, probabilities).map(([sure, right]) =>
    calibrationError(sure, right),
  );
  return errors.reduce((sum, error) => sum + error, 0) / errors.length;
}

/** Confidence against share right, by label of a sigmoid head. */
export function headBins(task: Task, probabilities: Scores): readonly (readonly Bin[])[] {
  return confidencesOf(task, probabilities).map(([sure, right]) => reliability(sure, right));
}

function confidencesOf(
  task: Task,
  probabilities: Scores,
): readonly (readonly [readonly number[], readonly boolean[]])[] {
  if (task.kind === "softmax") {
    return [[probabilities.map((row) => row[best(row)] ?? 0), rights(task, probabilities)]];
  }
  return task.labels.map((_, at) => [probabilities.map((row) => row[at] ?? 0), hasLabel(task, at)]);
}

/** The rows at these places only. */
export function picked(task: Task, places: readonly number[]): Task {
  return { ...task, targets: places.map((at) => task.targets[at] ?? "") };
}

/** The scores at these places only. */
export function pickedScores(scores: Scores, places: readonly number[]): Scores {
  return places.map((at) => scores[at] ?? []);
}

/** The task of a head's report rows. */
export function taskOf({ kind, labels, rows }: HeadRows): Task {
  return { kind, labels, targets: rows.map(({ target }) => target) };
}
