/** Makes the artefact's characters-calibration.json from simulated Japanese policies: `node bench/japanese/main.ts`. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import {
  characterScoreFile,
  scoreOf,
  type Line,
  type ScoreModel,
} from "../../proxy/inference/calibration.ts";
import {
  CharacterMatcher,
  characterFeatureNames,
} from "../../proxy/inference/character-matcher.ts";
import { fitScore } from "../intents/score-fit.ts";
import type { Sample } from "../intents/simulation.ts";
import { scenario, type Scenario, type Side } from "./generate.ts";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string", default: "models/support-v1" },
    policies: { type: "string", default: "200" },
    calls: { type: "string", default: "300" },
    seed: { type: "string", default: "11" },
    /** Shows calls that were answered wrongly. */
    wrong: { type: "boolean", default: false },
    /** Prints the figures and leaves the file as it is. */
    dry: { type: "boolean", default: false },
  },
});

// All text is made up by one hand, so that it flatters: the guard is taken to miss one near miss in so many, and shares
// wrong are never told below this.
const missedShare = 10;
const leastWrong = 0.004;
const mostRight = 0.98;

interface Asked {
  readonly text: string;
  /** The most similar sentence of the class that was found. */
  readonly nearest: string;
  readonly isAnswerable: boolean;
  /** Whether it is no sentence of the policy, before it is rewritten. */
  readonly isReworded: boolean;
  /** It says what a sentence says, and no score decides. */
  readonly isExact: boolean;
  /** Null when the text has nothing in common with the policy. */
  readonly sample: Sample | null;
}

function simulate(side: Side): readonly Asked[] {
  return Array.from({ length: Number(flags.policies) }, (_, policy) =>
    askAll(
      policy,
      scenario(Number(flags.seed) * 1000 + policy * 2 + side, side, Number(flags.calls)),
    ),
  ).flat();
}

function askAll(policy: number, { classes, calls }: Scenario): readonly Asked[] {
  const matcher = new CharacterMatcher(classes);
  return calls.map(({ text, means, isHeld }) => {
    const known = { text, isAnswerable: means >= 0, isReworded: means >= 0 && !isHeld };
    const match = matcher.match(text);
    if (match === null) return { ...known, nearest: "", isExact: false, sample: null };
    const { best, sentence, isExact, features, objection } = match;
    const sample = { policy, features, isRight: best === means, isBarred: objection !== null };
    return { ...known, nearest: classes[best]?.[sentence] ?? "", isExact, sample };
  });
}

/** As if the guard missed some of what it keeps back. */
function doubted(samples: readonly Sample[]): readonly Sample[] {
  const barred = samples.filter(({ isBarred }) => isBarred);
  const missed = barred.filter((_, at) => at % missedShare === 0);
  return [
    ...samples.filter(({ isBarred }) => !isBarred),
    ...missed.map((sample) => ({ ...sample, isBarred: false })),
  ];
}

function cautious(model: ScoreModel): ScoreModel {
  const wrong: Line = model.wrong.map(([at, share]) => [
    at,
    Math.min(1, Math.max(leastWrong, share)),
  ]);
  const right: Line = model.right.map(([at, share]) => [at, Math.min(mostRight, share)]);
  return { ...model, right, wrong };
}

function report(name: string, model: ScoreModel, asked: readonly Asked[]): void {
  const others = asked.filter(({ isExact }) => !isExact);
  const open = others.filter(({ sample }) => sample?.isBarred === false);
  say(`${name}: ${asked.length} calls`);
  tell(
    "a sentence but for spelling and politeness",
    asked.filter(({ isExact }) => isExact),
    asked,
  );
  for (const most of [0.005, 0.01, 0.02, 0.05]) {
    const threshold = model.wrong.find(([, share]) => share <= most)?.[0] ?? Infinity;
    const near = open.filter(
      ({ sample }) => scoreOf(model, sample?.features ?? [], characterFeatureNames) >= threshold,
    );
    tell(
      `with near ones at max_wrong ${most * 100} %`,
      asked.filter((one) => one.isExact || near.includes(one)),
      asked,
    );
  }
}

/** Of answered calls: right and wrong, and the shares that they make of the answerable and of the reworded ones. */
function tell(name: string, answered: readonly Asked[], asked: readonly Asked[]): void {
  const right = answered.filter(({ sample }) => sample?.isRight === true);
  const wrong = answered.filter(({ sample }) => sample?.isRight === false);
  const share = (of: (one: Asked) => boolean): string =>
    ((100 * right.filter(of).length) / Math.max(1, asked.filter(of).length)).toFixed(1);
  say(
    `  ${name}: ${right.length} right, ${wrong.length} wrong; ` +
      `${share((one) => one.isAnswerable)} % of the answerable, ${share((one) => one.isReworded)} % of the reworded`,
  );
  if (!flags.wrong) return;
  for (const line of new Set(wrong.map(({ text, nearest }) => `${text} | ${nearest}`)))
    say(`    ${line}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function main(): void {
  const asked = simulate(0);
  const samples = asked.flatMap(({ isExact, sample }) =>
    isExact || sample === null ? [] : [sample],
  );
  const model = cautious(fitScore(doubted(samples), characterFeatureNames));
  report("calibration wordings", model, asked);
  report("other wordings", model, simulate(1));
  if (flags.dry) return;
  const made = {
    generated: true,
    policies: Number(flags.policies),
    seed: Number(flags.seed),
    calls: samples.length,
  };
  const file = join(resolve(flags.model), characterScoreFile);
  writeFileSync(file, `${JSON.stringify({ format: 1, made, characters: model }, null, 1)}\n`);
}

main();
