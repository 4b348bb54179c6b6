/** Part `labels`: how often a label answer is given and wrong, over every confidence that a route could ask for. */
import { DEFAULT_LABEL_CONFIDENCE } from "../../../proxy/policy/defaults.ts";
import type { Context } from "../context.ts";
import { count, share, type Drawn, type PartResult, type Table } from "../result.ts";
import { areaUnder, riskAt, riskPicture, type Answer, type NamedAnswers } from "../risk.ts";
import { best, rights, taskOf } from "../scored.ts";
import { goEmotions } from "./public-splits.ts";

const least = [0.8, DEFAULT_LABEL_CONFIDENCE, 0.95];

/** Runs the part. */
export async function labelsPart(context: Context): Promise<PartResult> {
  const groups: NamedAnswers[] = [];
  for (const head of context.rows.heads.filter(({ kind }) => kind === "softmax")) {
    const texts = head.rows.map(({ text }) => text);
    await context.model.run(texts, head.name);
    const scores = texts.map((text) => context.model.probabilities(head.name, text));
    const isRight = rights(taskOf(head), scores);
    groups.push({ name: head.name, answers: answersOf(scores, isRight) });
  }
  groups.push({ name: "GoEmotions", answers: await goEmotionsAnswers(context) });
  return { tables: [labelTable(groups)], pictures: [riskOf(groups)] };
}

function labelTable(groups: readonly NamedAnswers[]): Table {
  return {
    name: "labels",
    title: "Label answers by least confidence",
    columns: [
      "rows",
      "all rows",
      ...least.flatMap((bound) => [`answered from ${bound.toFixed(2)}`, "wrong of those"]),
      "mean wrong over the curve",
    ],
    rows: groups.map(({ name, answers }) => ({
      name,
      cells: [
        count(answers.length),
        ...least.flatMap((bound) => {
          const { coverage, wrong } = riskAt(answers, 1 - bound);
          return [share(coverage), share(wrong)];
        }),
        share(areaUnder(answers)),
      ],
    })),
    note: `A label route answers from ${DEFAULT_LABEL_CONFIDENCE.toFixed(2)} on unless it says otherwise. Head names: report rows of all sources; GoEmotions: \`sentiment\` on all its development rows.`,
  };
}

function riskOf(groups: readonly NamedAnswers[]): Drawn {
  const marking = {
    bounds: least.map((bound) => 1 - bound),
    nameOf: (bound: number) => `from ${(1 - bound).toFixed(2)}`,
  };
  return {
    file: "risk-labels.svg",
    picture: riskPicture("Label answers by confidence", groups, marking),
  };
}

function answersOf(
  scores: readonly (readonly number[])[],
  isRight: readonly boolean[],
): readonly Answer[] {
  return scores.map((row, at) => ({
    doubt: 1 - (row[best(row)] ?? 0),
    isRight: isRight[at] === true,
  }));
}

async function goEmotionsAnswers(context: Context): Promise<readonly Answer[]> {
  const rows = context.some(goEmotions(context.data));
  const texts = rows.map(({ text }) => text);
  await context.model.run(texts, "GoEmotions");
  const { labels, kind } = context.head("sentiment");
  const scores = texts.map((text) => context.model.probabilities("sentiment", text));
  return answersOf(
    scores,
    rights({ kind, labels, targets: rows.map(({ label }) => label) }, scores),
  );
}
