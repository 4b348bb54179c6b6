/** Part `intents`: CLINC150 and Banking77 from a few sentences an intent, fitted and scored as the proxy does it for a policy. */
import type { IntentScore } from "../../../proxy/core/signals.ts";
import { readCalibration, type Calibration } from "../../../proxy/inference/calibration.ts";
import { softmax } from "../../../proxy/inference/heads.ts";
import { fitIntents } from "../../../proxy/inference/intents.ts";
import { fitRegression, type Regression } from "../../../proxy/inference/regression.ts";
import { dot, flattened } from "../../../proxy/inference/vectors.ts";
import { normalised } from "../../intents/corpus.ts";
import type { Context } from "../context.ts";
import { drawn, readFewShot, type FewShotSet } from "../few-shot.ts";
import { aurocOf, plainly } from "../metrics.ts";
import { count, none, share, type PartResult, type Table, type TableRow } from "../result.ts";
import {
  areaUnder,
  inPercent,
  riskAt,
  riskPicture,
  type Answer,
  type NamedAnswers,
} from "../risk.ts";
import { evaluationTexts } from "../sets.ts";

const shots = [5, 10];
const seeds = [1, 2, 3];
/** Shares wrong that a route may accept, for the operating points. */
export const bounds: readonly number[] = [0.005, 0.01, 0.025];

/** One drawn policy, asked the whole test split. */
interface Asked {
  /** Of rows that some intent means: by the proxy's scorer, and by the regression alone. */
  readonly accuracy: number;
  readonly plainAccuracy: number;
  /** Whether a row is meant at all: by the scorer's confidence, and by the regression's largest probability. */
  readonly scopeAuroc: number;
  readonly plainScopeAuroc: number;
  readonly answers: readonly Answer[];
}

/** Runs the part. */
export async function intentsPart(context: Context): Promise<PartResult> {
  const banned = new Set([...evaluationTexts(context.data).values()].flat().map(normalised));
  const calibration = await readCalibration(context.model.folder);
  const sets = readFewShot(context.data, banned);
  const rows: TableRow[] = [];
  const groups: NamedAnswers[] = [];
  for (const set of sets) {
    for (const many of shots) {
      const asked = await askedOf(context, set, many, calibration);
      const base = context.rows.baseFewShot[set.name]?.[String(many)];
      rows.push(rowOf(`${set.name}, ${many} sentences`, asked, base));
      groups.push({
        name: `${set.name} ${many}`,
        answers: asked.flatMap(({ answers }) => answers),
      });
    }
  }
  return {
    tables: [
      fewShotTable(rows),
      operatingTable("intents-risk", "Operating points of user intents", groups),
    ],
    pictures: [
      {
        file: "risk-intents.svg",
        picture: riskPicture("User intents, test splits with out-of-scope rows", groups, {
          bounds,
          nameOf: inPercent,
        }),
      },
    ],
  };
}

async function askedOf(
  context: Context,
  set: FewShotSet,
  many: number,
  calibration: Calibration | null,
): Promise<readonly Asked[]> {
  const rows = context.some(set.asked);
  await context.model.run(
    rows.map(({ text }) => text),
    `${set.name} test`,
  );
  const found: Asked[] = [];
  for (const seed of context.limit === null ? seeds : seeds.slice(0, 1)) {
    process.stderr.write(`${set.name}, ${many} sentences an intent, draw ${seed}\n`);
    found.push(await askedOnce(context, { ...set, asked: rows }, { many, seed }, calibration));
  }
  return found;
}

async function askedOnce(
  { model }: Context,
  { examples, asked }: FewShotSet,
  { many, seed }: { readonly many: number; readonly seed: number },
  calibration: Calibration | null,
): Promise<Asked> {
  const intents = [...examples].map(([name, texts]) => ({
    name,
    examples: drawn(texts, seed, many),
    not: [],
  }));
  const scorer = await fitIntents(intents, model.embed, calibration);
  if (scorer === null) throw new Error("the model has no embedding to fit intents to");
  const scores = asked.map(({ text }) => scorer.score(text, model.of(text).embedding));
  const plain = await plainOf(intents, model.embed);
  const guesses = asked.map(({ text }) => plain(model.of(text).embedding));
  const isMeant = asked.map(({ intent }) => examples.has(intent));
  const shareRight = (labels: readonly string[]): number => {
    const meant = asked.filter((_, at) => isMeant[at] === true).length;
    return (
      asked.filter(({ intent }, at) => isMeant[at] === true && labels[at] === intent).length / meant
    );
  };
  const scope = (sure: readonly number[]): number => plainly(aurocOf(isMeant, sure), asked.length);
  return {
    accuracy: shareRight(scores.map(({ label }) => label)),
    plainAccuracy: shareRight(guesses.map(({ label }) => label)),
    scopeAuroc: scope(scores.map(({ confidence }) => confidence)),
    plainScopeAuroc: scope(guesses.map(({ confidence }) => confidence)),
    answers: asked.map(({ intent }, at) => answerOf(scores[at], intent)),
  };
}

/** What the guard objects to is never answered. */
function answerOf(score: IntentScore | undefined, intent: string): Answer {
  if (score === undefined || score.guard) return { doubt: Infinity, isRight: false };
  return { doubt: score.wrong, isRight: score.label === intent };
}

type Guess = (vector: Float32Array) => { readonly label: string; readonly confidence: number };

/** The runtime's regression without wording, guard and calibration: what the embedding alone is worth. */
async function plainOf(
  intents: readonly { readonly name: string; readonly examples: readonly string[] }[],
  embed: Context["model"]["embed"],
): Promise<Guess> {
  const vectors = await embed(intents.flatMap(({ examples }) => examples));
  const width = vectors[0]?.length ?? 0;
  const labels = Int32Array.from(intents.flatMap(({ examples }, k) => examples.map(() => k)));
  const regression = fitRegression({
    vectors: flattened(vectors, width),
    width,
    labels,
    classes: intents.length,
  });
  return (vector) => {
    const shares = softmax(logitsOf(regression, vector));
    const confidence = Math.max(...shares);
    return { label: intents[shares.indexOf(confidence)]?.name ?? "", confidence };
  };
}

function logitsOf({ weights, bias }: Regression, vector: Float32Array): number[] {
  const width = vector.length;
  return Array.from(
    bias,
    (own, k) => own + dot(weights.subarray(k * width, (k + 1) * width), vector),
  );
}

function rowOf(name: string, asked: readonly Asked[], base: number | undefined): TableRow {
  const mean = (value: (one: Asked) => number): number =>
    asked.reduce((sum, one) => sum + value(one), 0) / asked.length;
  return {
    name,
    cells: [
      share(mean(({ accuracy }) => accuracy)),
      share(mean(({ plainAccuracy }) => plainAccuracy)),
      base === undefined ? none : share(base),
      share(mean(({ scopeAuroc }) => scopeAuroc)),
      share(mean(({ plainScopeAuroc }) => plainScopeAuroc)),
    ],
  };
}

function fewShotTable(rows: readonly TableRow[]): Table {
  return {
    name: "intents",
    title: "User intents from a few sentences, test splits (scored only)",
    columns: [
      "set",
      "accuracy",
      "regression alone",
      "base encoder",
      "out-of-scope AUROC",
      "regression alone",
    ],
    rows,
    note:
      "Accuracy on rows that an intent means, mean of three draws. The release's embedding has seen other sentences of these very intents; " +
      "what a user's own intents may expect stands under Embedding. Base encoder: a logistic regression on the same sentences, by the pipeline.",
  };
}

/** Coverage and share wrong at each bound that a route may set. */
export function operatingTable(
  name: string,
  title: string,
  groups: readonly NamedAnswers[],
): Table {
  return {
    name,
    title,
    columns: [
      "rows",
      "all rows",
      ...bounds.flatMap((bound) => [`answered at ${inPercent(bound)}`, "wrong of those"]),
      "mean wrong over the curve",
    ],
    rows: groups.map(({ name: group, answers }) => ({
      name: group,
      cells: [
        count(answers.length),
        ...bounds.flatMap((bound) => {
          const { coverage, wrong } = riskAt(answers, bound);
          return [share(coverage), share(wrong)];
        }),
        share(areaUnder(answers)),
      ],
    })),
    note: "A bound is a route's `max_wrong`, the estimated share wrong; rows that the pair guard objects to are never answered. Shares are of all rows asked, those that nothing in the policy means included.",
  };
}
