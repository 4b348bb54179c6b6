/** Part `failures`: sentences written to be hard, and which of them the model reads wrongly. */
import { hardSentences, type HardSentence } from "../hard-sentences.ts";
import { headOf, type Model } from "../model.ts";
import { count, share, type PartResult, type Table, type TableRow } from "../result.ts";
import { best } from "../scored.ts";
import type { Context } from "../context.ts";

interface Reading {
  readonly sentence: HardSentence;
  readonly read: string;
  readonly sureOfRead: number;
  readonly sureOfTruth: number;
}

/** Runs the part. */
export async function failuresPart({ model }: Context): Promise<PartResult> {
  await model.run(
    hardSentences.map(({ text }) => text),
    "hard sentences",
  );
  const readings = hardSentences.map((sentence) => readingOf(model, sentence));
  return { tables: [kindTable(readings), failureTable(readings)], pictures: [] };
}

function readingOf(model: Model, sentence: HardSentence): Reading {
  const { head: name, truth, text } = sentence;
  const head = headOf(model.manifest, name);
  const found = model.probabilities(name, text);
  const isSingle = head.labels.length === 1;
  const labels = isSingle ? ["yes", "no"] : head.labels;
  const sure = isSingle ? [found[0] ?? Number.NaN, 1 - (found[0] ?? Number.NaN)] : found;
  const at = best(sure);
  return {
    sentence,
    read: labels[at] ?? "",
    sureOfRead: sure[at] ?? Number.NaN,
    sureOfTruth: sure[labels.indexOf(truth)] ?? Number.NaN,
  };
}

function kindTable(readings: readonly Reading[]): Table {
  const kinds = [...new Set(readings.map(kindOf))];
  return {
    name: "hard-sentences",
    title: "Sentences written to be hard, by what makes them so",
    columns: ["head: kind", "sentences", "read rightly"],
    rows: kinds.map((kind) => {
      const own = readings.filter((reading) => kindOf(reading) === kind);
      return { name: kind, cells: [count(own.length), count(own.filter(isRight).length)] };
    }),
    note: "`bench/eval/hard-sentences.ts`: written by hand to find limits, so the shares say nothing about ordinary texts.",
  };
}

function failureTable(readings: readonly Reading[]): Table {
  return {
    name: "failures",
    title: "Those that are read wrongly",
    columns: ["sentence", "confidence in what is read", "in what it is"],
    rows: readings.filter((reading) => !isRight(reading)).map(failureRow),
    note: "A label route asks for a confidence of 0.90 and a flag for its threshold, so a small confidence here means silence there.",
  };
}

function failureRow({ sentence, read, sureOfRead, sureOfTruth }: Reading): TableRow {
  const { head, truth, text } = sentence;
  return {
    name: `"${text}": ${head} is ${truth}, read ${read}`,
    cells: [share(sureOfRead), share(sureOfTruth)],
  };
}

function kindOf({ sentence }: Reading): string {
  return `${sentence.head}: ${sentence.kind}`;
}

function isRight({ sentence, read }: Reading): boolean {
  return read === sentence.truth;
}
