/** Makes the artefact's intents-calibration.json from simulated policies: `node bench/intents/main.ts --data ../shared/data`. */
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import {
  calibrationFile,
  readCalibration,
  type Calibration,
  type ScoreModel,
} from "../../proxy/inference/calibration.ts";
import { readDictionary } from "../../proxy/inference/dictionary.ts";
import { Lexicon } from "../../proxy/inference/lexicon.ts";
import { readManifest } from "../../proxy/inference/manifest.ts";
import { field, readCorpus, readRows, type Corpus } from "./corpus.ts";
import { embedAll, readFold, type Fold } from "./fold.ts";
import { Draw } from "./noise.ts";
import { NotComparison } from "./nots.ts";
import { coverageAt, fitScore } from "./score-fit.ts";
import {
  faqScenario,
  finderOf,
  intentScenario,
  samplesOf,
  textsOf,
  type Sample,
  type Scenario,
} from "./simulation.ts";
import { countWords } from "./words-count.ts";

const { values: flags } = parseArgs({
  options: {
    data: { type: "string", default: "../shared/data" },
    model: { type: "string", default: "models/support-v1" },
    cache: { type: "string", default: join(tmpdir(), "sidestep-embeddings") },
    policies: { type: "string", default: "120" },
    seed: { type: "string", default: "11" },
    /** Artefacts of the training's stage `folds`, one flag each; the model itself when there are none. */
    fold: { type: "string", multiple: true, default: [] },
    dump: { type: "string" },
    /** Compares policies with and without that many `not` sentences an intent that they lack, and writes nothing. */
    not: { type: "string" },
  },
});

const folds = (flags.fold.length > 0 ? flags.fold : [flags.model]).map(readFold);

const calls = 400;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Texts that show how people write: the corpus and other sets of questions, entity names left out. */
function lexiconTexts(corpus: Corpus): string[] {
  const more = [
    ...readRows(flags.data, "hetpqa_train").map((row) => field(row, "question")),
    ...readRows(flags.data, "gsm8k_train").map((row) => field(row, "question")),
    ...readRows(flags.data, "llmrouter_pairs")
      .map((row) => field(row, "prompt"))
      .filter((text) => text.length < 600),
  ];
  return [...[...corpus.intents.values()].flat().map(({ text }) => text), ...more];
}

function policyNumbers(): number[] {
  return Array.from({ length: Number(flags.policies) }, (_, at) => at);
}

function scenarioOf(kind: "intents" | "faq", corpus: Corpus, fold: Fold, number: number): Scenario {
  const make = kind === "intents" ? intentScenario : faqScenario;
  const draw = new Draw(Number(flags.seed) * 1000 + number);
  return make({ ...corpus, isUnknown: fold.isUnknown }, draw, calls);
}

/** Calls of simulated policies; each policy is made of intents that its fold's model does not know. */
async function simulate(
  kind: "intents" | "faq",
  corpus: Corpus,
  lexicon: Lexicon,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const [at, fold] of folds.entries()) {
    const own = policyNumbers().filter((number) => number % folds.length === at);
    samples.push(...(await simulateFold(kind, corpus, lexicon, { fold, own })));
  }
  return samples;
}

async function simulateFold(
  kind: "intents" | "faq",
  corpus: Corpus,
  lexicon: Lexicon,
  { fold, own }: { readonly fold: Fold; readonly own: readonly number[] },
): Promise<Sample[]> {
  const scenarios = own.map((number) => scenarioOf(kind, corpus, fold, number));
  const vectors = await embedAll(fold, flags.cache, scenarios.flatMap(textsOf));
  const started = performance.now();
  return scenarios.flatMap((scenario, at) => {
    const samples = samplesOf(scenario, finderOf(scenario, kind, lexicon, vectors), own[at] ?? 0);
    const leftS = ((performance.now() - started) / 1000 / (at + 1)) * (own.length - at - 1);
    if (at % 10 === 9)
      say(`${kind}: ${at + 1} of ${own.length} policies, about ${leftS.toFixed(0)} s left`);
    return samples;
  });
}

function report(kind: string, model: ScoreModel, samples: readonly Sample[]): void {
  for (const most of [0.005, 0.01, 0.02]) {
    const { coverage, wrong } = coverageAt(model, samples, most);
    say(
      `${kind}: at most ${most * 100} % wrong: ${(coverage * 100).toFixed(1)} % answered, ${(wrong * 100).toFixed(2)} % wrong`,
    );
  }
}

/** What `not` sentences are worth under the calibration as it stands. */
async function compareNots(corpus: Corpus): Promise<void> {
  const calibration = await readCalibration(resolve(flags.model));
  if (calibration === null) throw new Error("the model has no calibration yet");
  const lexicon = new Lexicon(calibration.lexicon);
  const comparison = new NotComparison(calibration.intents, lexicon, Number(flags.not));
  for (const [at, fold] of folds.entries()) {
    const own = policyNumbers().filter((number) => number % folds.length === at);
    const scenarios = own.map((number) => scenarioOf("intents", corpus, fold, number));
    const texts = scenarios.flatMap((one) => [...textsOf(one), ...(one.lacking ?? []).flat()]);
    const vectors = await embedAll(fold, flags.cache, texts);
    scenarios.forEach((scenario, index) => comparison.add(scenario, vectors, own[index] ?? 0));
  }
  for (const line of comparison.report()) say(line);
}

async function main(): Promise<void> {
  const folder = resolve(flags.model);
  const manifest = await readManifest(folder);
  const corpus = readCorpus(flags.data);
  const words = countWords(lexiconTexts(corpus));
  const dictionary = await readDictionary(folder, manifest);
  const lexicon = new Lexicon({ ...words, dictionary });
  const intents = await simulate("intents", corpus, lexicon);
  const faq = await simulate("faq", corpus, lexicon);
  if (flags.dump !== undefined) writeFileSync(flags.dump, JSON.stringify({ intents, faq }));
  const calibration: Calibration & { format: number; made: object } = {
    format: 1,
    made: {
      policies: Number(flags.policies),
      seed: Number(flags.seed),
      intents: intents.length,
      faq: faq.length,
    },
    embeddings: manifest.selfcheck.cases.map(({ text, outputs }) => ({
      text,
      values: outputs["default"]?.["embedding"] ?? [],
    })),
    lexicon: words,
    intents: fitScore(intents),
    faq: fitScore(faq),
  };
  report("intents", calibration.intents, intents);
  report("faq", calibration.faq, faq);
  writeFileSync(join(folder, calibrationFile), `${JSON.stringify(calibration, null, 1)}\n`);
}

await (flags.not === undefined ? main() : compareNots(readCorpus(flags.data)));
