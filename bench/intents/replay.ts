/** The replay's traffic against intents and FAQ without HTTP: coverage and share wrong by seed: `node bench/intents/replay.ts`. */
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { FaqIndex, IntentScorer } from "../../proxy/core/ports.ts";
import { readCalibration, type Calibration } from "../../proxy/inference/calibration.ts";
import { createClassifier } from "../../proxy/inference/classifier.ts";
import { indexFaq } from "../../proxy/inference/faq.ts";
import { fitIntents } from "../../proxy/inference/intents.ts";
import { bounds, curveSvg, type Curve, type CurvePoint } from "./curve.ts";
import { isAnswerable, normalised, readRows, type Row } from "../replay/row.ts";
import { drawItems, seenTexts, type Item } from "../replay/sentences.ts";

const { values: flags } = parseArgs({
  options: {
    data: { type: "string", default: "../shared/data" },
    model: { type: "string", default: "models/support-v1" },
    cache: { type: "string", default: join(tmpdir(), "sidestep-embeddings") },
    seeds: { type: "string", default: "1,2,3,4" },
    wrong: { type: "string", default: "0.01" },
    errors: { type: "boolean", default: false },
    /** Writes the curve of the unseen rows, FAQ of places left out, as SVG. */
    curve: { type: "string" },
  },
});

interface Answered {
  readonly call: Row;
  readonly item: string | null;
  readonly wrong: number;
}

const classifier = createClassifier({
  model: flags.model,
  cache: { maxEntries: 500_000, folder: flags.cache },
});
const embed = classifier.embed.bind(classifier);

interface Fitted {
  readonly scorer: IntentScorer | null;
  readonly faq: FaqIndex;
  readonly isSpoken: (item: string) => boolean;
}

async function fit(items: readonly Item[], calibration: Calibration | null): Promise<Fitted> {
  const intents = items.filter((item) => item.class !== "faq_entity");
  const places = items.filter((item) => item.class === "faq_entity");
  const entries = places.map(({ name, sentences }) => ({
    id: name,
    questions: sentences,
    answer: name,
    language: "en",
  }));
  const examples = intents.map(({ name, sentences }) => ({ name, examples: sentences, not: [] }));
  const own = new Set(intents.filter(({ isOwn }) => isOwn).map(({ name }) => name));
  return {
    scorer: await fitIntents(examples, embed, calibration),
    faq: await indexFaq({ file: "places.yaml", entries }, embed, calibration),
    isSpoken: (item) => !own.has(item),
  };
}

function answer(call: Row, vector: Float32Array, fitted: Fitted, most: number): Answered {
  const faq = fitted.faq.match(call.text, vector, most);
  const score = fitted.scorer?.score(call.text, vector);
  const isIntent = score !== undefined && score.wrong <= most && !score.guard;
  if (isIntent && fitted.isSpoken(score.label))
    return { call, item: score.label, wrong: score.wrong };
  if (faq.kind === "match") return { call, item: faq.id, wrong: faq.wrong };
  return { call, item: null, wrong: 1 };
}

function isRight({ call, item }: Answered): boolean {
  return call.scope === "global" && item === call.item;
}

function percent(part: number, of: number): string {
  return `${((100 * part) / Math.max(1, of)).toFixed(2)} %`;
}

function line(name: string, rows: readonly Answered[]): string {
  const answered = rows.filter(({ item }) => item !== null);
  const right = answered.filter(isRight).length;
  const possible = rows.filter(({ call }) => isAnswerable(call)).length;
  return [
    name.padEnd(24),
    `${rows.length} rows, ${possible} answerable`,
    `answered ${percent(answered.length, rows.length)}`,
    `right of answerable ${percent(right, possible)}`,
    `wrong of answered ${percent(answered.length - right, answered.length)} (${answered.length - right})`,
  ].join("; ");
}

function show(seed: number, all: readonly Answered[], isUnseen: (call: Row) => boolean): void {
  const unseen = all.filter(({ call }) => isUnseen(call));
  const say = (name: string, rows: readonly Answered[]): void => {
    process.stdout.write(`${line(name, rows)}\n`);
  };
  process.stdout.write(`seed ${seed}\n`);
  say("  all rows", all);
  say("  unseen", unseen);
  say(
    "  unseen, no faq_entity",
    unseen.filter(({ call }) => call.class !== "faq_entity"),
  );
  for (const [name, rows] of Map.groupBy(unseen, ({ call }) => call.class))
    say(`    ${name}`, rows);
}

function showErrors(all: readonly Answered[]): void {
  const wrong = all.filter((one) => one.item !== null && !isRight(one));
  const groups = Map.groupBy(
    wrong,
    ({ call, item }) => `${call.item} (${call.scope}) -> ${item ?? ""}`,
  );
  for (const [name, rows] of [...groups]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .slice(0, 40)) {
    process.stdout.write(`${rows.length} ${name}: ${rows[0]?.call.text.slice(0, 90) ?? ""}\n`);
  }
}

function pointAt(rows: readonly Answered[], maxWrong: number): CurvePoint {
  const answered = rows.filter(({ item, wrong }) => item !== null && wrong <= maxWrong);
  const right = answered.filter(isRight).length;
  const possible = rows.filter(({ call }) => isAnswerable(call)).length;
  return {
    maxWrong,
    coverage: right / Math.max(1, possible),
    wrong: (answered.length - right) / Math.max(1, answered.length),
  };
}

const labels = {
  title: "Open replay, rows whose text the policy has never seen",
  x: "of the policy's answers wrong (dots: the share that a route accepts)",
  y: "of the answerable rows answered rightly",
};

async function main(): Promise<void> {
  await classifier.ready;
  const calls = readRows(join(flags.data, "replay_dev.jsonl.gz"));
  const calibration = await readCalibration(flags.model);
  const vectors = await embed(calls.map(({ text }) => text));
  const errors: Answered[] = [];
  const curves: Curve[] = [];
  for (const seed of flags.seeds.split(",").map(Number)) {
    const items = drawItems(calls, seed);
    const fitted = await fit(items, calibration);
    const answersAt = (most: number): readonly Answered[] =>
      calls.map((call, at) => answer(call, vectors[at] ?? new Float32Array(0), fitted, most));
    const seen = seenTexts(items);
    const isUnseen = (call: Row): boolean => !seen.has(normalised(call.text));
    const all = answersAt(Number(flags.wrong));
    show(seed, all, isUnseen);
    errors.push(...all);
    if (flags.curve === undefined) continue;
    const rows = answersAt(1).filter(({ call }) => isUnseen(call) && call.class !== "faq_entity");
    curves.push({ name: `seed ${seed}`, points: bounds.map((most) => pointAt(rows, most)) });
  }
  if (flags.errors) showErrors(errors);
  if (flags.curve !== undefined) writeFileSync(flags.curve, curveSvg(curves, labels));
}

try {
  await main();
} finally {
  await classifier.close();
}
