/** The heads on whole public splits that nothing was trained on: GoEmotions' development rows, and the replay's texts by class. */
import { field, readRows as readSet } from "../../intents/corpus.ts";
import type { Context } from "../context.ts";
import { accuracyOf, aurocOf, withInterval } from "../metrics.ts";
import { count, share, shareBetween, type Cell, type Table, type TableRow } from "../result.ts";
import { best, headError, mainFigure, rights, type Task } from "../scored.ts";

const sentiments: Readonly<Record<string, string>> = { 1: "negative", 2: "neutral", 3: "positive" };

/** Rows with exactly one of negative, neutral and positive. */
export function goEmotions(
  data: string,
): readonly { readonly text: string; readonly label: string }[] {
  return readSet(data, "goemotions_dev").flatMap((row) => {
    const label = sentiments[field(row, "labels")];
    return label === undefined ? [] : [{ text: field(row, "text"), label }];
  });
}

/** Tables of both splits. */
export async function publicTables(context: Context): Promise<readonly Table[]> {
  return [await sentimentTable(context), ...(await replayTables(context))];
}

async function sentimentTable(context: Context): Promise<Table> {
  const rows = context.some(goEmotions(context.data));
  const texts = rows.map(({ text }) => text);
  await context.model.run(texts, "GoEmotions");
  const { labels } = context.head("sentiment");
  const task: Task = { kind: "softmax", labels, targets: rows.map(({ label }) => label) };
  const model = texts.map((text) => context.model.probabilities("sentiment", text));
  const baselines = context.baselines("sentiment");
  const figure = (scores: readonly (readonly number[])[]): Cell =>
    shareBetween(withInterval(mainFigure(task, scores), rows.length));
  return {
    name: "goemotions",
    title: "GoEmotions, all development rows with one of three polarities",
    columns: ["figure", "rows", "this model", "accuracy", "ECE", "TF-IDF", "length"],
    rows: [
      {
        name: "macro-F1 of `sentiment`",
        cells: [
          count(rows.length),
          figure(model),
          shareBetween(withInterval(accuracyOf(rights(task, model)), rows.length)),
          share(headError(task, model)),
          figure(texts.map(baselines.tfIdf)),
          figure(texts.map(baselines.length)),
        ],
      },
    ],
    note: "One half of these rows chose the head's form and its temperature; the report rows above are of the other half.",
  };
}

/** One distinct text of the replay. */
interface Said {
  readonly text: string;
  readonly class: string;
}

const support: ReadonlySet<string> = new Set([
  "faq",
  "faq_entity",
  "order_status",
  "order_lookup",
  "product_search",
]);
const categories: Readonly<Record<string, string>> = {
  faq: "faq",
  faq_entity: "faq",
  order_status: "order_status",
  order_lookup: "order_status",
  product_search: "product_search",
  greeting: "greeting",
};

/** Distinct texts of the replay with their class. */
function replayTexts(data: string): readonly Said[] {
  const found = new Map<string, Said>();
  for (const row of readSet(data, "replay_dev")) {
    const text = field(row, "text");
    if (!found.has(text)) found.set(text, { text, class: field(row, "class") });
  }
  return [...found.values()];
}

async function replayTables(context: Context): Promise<readonly Table[]> {
  const said = context.some(replayTexts(context.data));
  await context.model.run(
    said.map(({ text }) => text),
    "replay",
  );
  const inScope = said.filter(
    (one) => support.has(one.class) || ["oos", "general"].includes(one.class),
  );
  const rows = [
    binaryRow(context, "injection", said, (one) => one.class === "injection"),
    binaryRow(context, "in_scope", inScope, (one) => support.has(one.class)),
  ];
  return [
    {
      name: "replay-signals",
      title: "Open replay, distinct texts, none of them trained or calibrated on: AUROC",
      columns: ["head", "rows", "true ones", "this model", "TF-IDF", "length"],
      rows,
      note: "Hidden attacks were added to the templates after a few replay rows had been looked at: no blind test of `injection`.",
    },
    {
      name: "replay-task",
      title: "Open replay, accuracy of `task` by class",
      columns: ["class", "texts", "this model", "TF-IDF"],
      rows: Object.keys(categories).map((name) => taskRow(context, name, said)),
    },
  ];
}

function binaryRow(
  context: Context,
  head: string,
  said: readonly Said[],
  isTrue: (one: Said) => boolean,
): TableRow {
  const truth = said.map(isTrue);
  const baselines = context.baselines(head);
  const figure = (score: (text: string) => number): Cell =>
    shareBetween(
      withInterval(
        aurocOf(
          truth,
          said.map(({ text }) => score(text)),
        ),
        said.length,
      ),
    );
  return {
    name: head,
    cells: [
      count(said.length),
      count(truth.filter(Boolean).length),
      figure((text) => context.model.probabilities(head, text)[0] ?? 0),
      figure((text) => baselines.tfIdf(text)[0] ?? 0),
      figure((text) => baselines.length(text)[0] ?? 0),
    ],
  };
}

function taskRow(context: Context, name: string, said: readonly Said[]): TableRow {
  const own = said.filter((one) => one.class === name);
  const { labels } = context.head("task");
  const wanted = labels.indexOf(categories[name] ?? "");
  const baselines = context.baselines("task");
  const figure = (scores: (text: string) => readonly number[]): Cell =>
    shareBetween(
      withInterval(accuracyOf(own.map(({ text }) => best(scores(text)) === wanted)), own.length),
    );
  return {
    name,
    cells: [
      count(own.length),
      figure((text) => context.model.probabilities("task", text)),
      figure(baselines.tfIdf),
    ],
  };
}
