/** The replay's traffic against intents and FAQ without HTTP: coverage and share wrong by seed: `node bench/intents/replay.ts`. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { FaqIndex, IntentScorer } from "../../proxy/core/ports.ts";
import { readCalibration } from "../../proxy/inference/calibration.ts";
import { createClassifier } from "../../proxy/inference/classifier.ts";
import { indexFaq } from "../../proxy/inference/faq.ts";
import { fitIntents } from "../../proxy/inference/intents.ts";
import { field, normalised, readRows } from "./corpus.ts";
import { Draw } from "./noise.ts";

const { values: flags } = parseArgs({
  options: {
    data: { type: "string", default: "../shared/data" },
    model: { type: "string", default: "models/support-v1" },
    cache: { type: "string", default: join(tmpdir(), "sidestep-embeddings") },
    seeds: { type: "string", default: "1,2,3,4" },
    wrong: { type: "string", default: "0.01" },
    /** Also gives the policy the items whose answers are personal, as intents that are never answered. */
    silent: { type: "boolean", default: false },
    errors: { type: "boolean", default: false },
  },
});

interface Call {
  readonly item: string;
  readonly kind: string;
  readonly scope: string;
  readonly class: string;
  readonly text: string;
}

interface Answered {
  readonly call: Call;
  readonly item: string | null;
  readonly wrong: number;
}

const intentClasses = new Set(["faq", "greeting", "order_status"]);

const classifier = createClassifier({
  model: flags.model,
  cache: { maxEntries: 500_000, folder: flags.cache },
});
const embed = classifier.embed.bind(classifier);

/** At most five sentences an item, drawn by seed from its distinct texts as they are. */
function drawPolicy(calls: readonly Call[], seed: number): ReadonlyMap<string, readonly string[]> {
  const usable = calls.filter(
    (call) =>
      intentClasses.has(call.class) &&
      call.kind === "asis" &&
      (call.scope === "global" || flags.silent),
  );
  const draw = new Draw(seed);
  const items = [...Map.groupBy(usable, ({ item }) => item)].toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  );
  return new Map(
    items.map(([item, own]) => [item, draw.some([...new Set(own.map(({ text }) => text))], 5)]),
  );
}

/** The one title of each entity question: its first text as it is. */
function titles(calls: readonly Call[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const call of calls) {
    if (call.class === "faq_entity" && call.kind === "asis" && !found.has(call.item)) {
      found.set(call.item, call.text);
    }
  }
  return found;
}

interface Fitted {
  readonly scorer: IntentScorer | null;
  readonly faq: FaqIndex;
  readonly isSpoken: (item: string) => boolean;
}

function answer(call: Call, vector: Float32Array, fitted: Fitted): Answered {
  const most = Number(flags.wrong);
  const faq = fitted.faq.match(call.text, vector, most);
  const score = fitted.scorer?.score(call.text, vector);
  const isIntent = score !== undefined && score.wrong <= most && !score.guard;
  if (isIntent && fitted.isSpoken(score.label))
    return { call, item: score.label, wrong: score.wrong };
  if (faq.kind === "match") return { call, item: faq.id, wrong: faq.wrong };
  return { call, item: null, wrong: 1 };
}

function isAnswerable(call: Call): boolean {
  return call.scope === "global" && (intentClasses.has(call.class) || call.class === "faq_entity");
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

function show(seed: number, all: readonly Answered[], isUnseen: (call: Call) => boolean): void {
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

async function main(): Promise<void> {
  await classifier.ready;
  const calls: Call[] = readRows(flags.data, "replay_dev").map((row) => ({
    item: field(row, "item"),
    kind: field(row, "kind"),
    scope: field(row, "scope"),
    class: field(row, "class"),
    text: field(row, "text"),
  }));
  const calibration = await readCalibration(flags.model);
  const vectors = await embed(calls.map(({ text }) => text));
  const byTitle = titles(calls);
  const entries = [...byTitle].map(([id, title]) => ({
    id,
    questions: [title],
    answer: id,
    language: "en",
  }));
  const faq = await indexFaq({ file: "entities.yaml", entries }, embed, calibration);
  const spoken = new Set(calls.filter(({ scope }) => scope === "global").map(({ item }) => item));
  const errors: Answered[] = [];
  for (const seed of flags.seeds.split(",").map(Number)) {
    const policy = drawPolicy(calls, seed);
    const intents = [...policy].map(([name, examples]) => ({ name, examples, not: [] }));
    const scorer = await fitIntents(intents, embed, calibration);
    const fitted = { scorer, faq, isSpoken: (item: string) => spoken.has(item) };
    const all = calls.map((call, at) => answer(call, vectors[at] ?? new Float32Array(0), fitted));
    const seen = new Set(
      [...policy.values()]
        .flat()
        .concat([...byTitle.values()])
        .map(normalised),
    );
    show(seed, all, (call) => !seen.has(normalised(call.text)));
    errors.push(...all);
  }
  if (flags.errors) showErrors(errors);
}

try {
  await main();
} finally {
  await classifier.close();
}
