/** Makes the artefact's intents-calibration.json from simulated policies: `node bench/intents/main.ts --data ../shared/data`. */
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import {
  calibrationFile,
  type Calibration,
  type ScoreModel,
} from "../../proxy/inference/calibration.ts";
import { createClassifier } from "../../proxy/inference/classifier.ts";
import { Lexicon } from "../../proxy/inference/lexicon.ts";
import { readManifest } from "../../proxy/inference/manifest.ts";
import { field, readCorpus, readRows, type Corpus } from "./corpus.ts";
import { Draw } from "./noise.ts";
import { coverageAt, fitScore } from "./score-fit.ts";
import {
  faqScenario,
  intentScenario,
  matcherOf,
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
    dump: { type: "string" },
  },
});

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

async function simulate(
  kind: "intents" | "faq",
  corpus: Corpus,
  lexicon: Lexicon,
): Promise<Sample[]> {
  const count = Number(flags.policies);
  const make = kind === "intents" ? intentScenario : faqScenario;
  const scenarios: Scenario[] = Array.from({ length: count }, (_, at) =>
    make(corpus, new Draw(Number(flags.seed) * 1000 + at), calls),
  );
  const vectors = await embedAll(scenarios.flatMap(textsOf));
  const started = performance.now();
  return scenarios.flatMap((scenario, at) => {
    const samples = samplesOf(scenario, matcherOf(scenario, kind, lexicon, vectors), at, vectors);
    const leftS = ((performance.now() - started) / 1000 / (at + 1)) * (count - at - 1);
    if (at % 10 === 9)
      say(`${kind}: ${at + 1} of ${count} policies, about ${leftS.toFixed(0)} s left`);
    return samples;
  });
}

const classifier = createClassifier({
  model: flags.model,
  cache: { maxEntries: 500_000, folder: flags.cache },
});

async function embedAll(texts: readonly string[]): Promise<(text: string) => Float32Array> {
  let shown = 0;
  const distinct = [...new Set(texts)];
  const vectors = await classifier.embed(distinct, (done, total) => {
    if (done - shown < 10_000) return;
    shown = done;
    say(`embedded ${done} of ${total}`);
  });
  const byText = new Map(distinct.map((text, at) => [text, vectors[at] ?? new Float32Array(0)]));
  return (text) => byText.get(text) ?? new Float32Array(0);
}

function report(kind: string, model: ScoreModel, samples: readonly Sample[]): void {
  for (const most of [0.005, 0.01, 0.02]) {
    const { coverage, wrong } = coverageAt(model, samples, most);
    say(
      `${kind}: at most ${most * 100} % wrong: ${(coverage * 100).toFixed(1)} % answered, ${(wrong * 100).toFixed(2)} % wrong`,
    );
  }
}

async function main(): Promise<void> {
  const folder = resolve(flags.model);
  const manifest = await readManifest(folder);
  const corpus = readCorpus(flags.data);
  const words = countWords(lexiconTexts(corpus));
  const lexicon = new Lexicon(words);
  const state = await classifier.ready;
  say(`model ${state.model?.name ?? state.error}`);
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

try {
  await main();
} finally {
  await classifier.close();
}
