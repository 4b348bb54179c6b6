/** Part `ordering`: how complexity, its parts, the prompt's length and a learned difficulty order questions by which models got them right. */
import { resolve } from "node:path";
import * as v from "valibot";
import type { Policy } from "../../../proxy/core/policy.ts";
import type { Signals } from "../../../proxy/core/signals.ts";
import { questionAsCall } from "../../../proxy/layers/question.ts";
import { loadPolicy } from "../../../proxy/policy/load.ts";
import { signalReaders } from "../../../proxy/signals/registry.ts";
import { field, readRows } from "../../intents/corpus.ts";
import type { Context } from "../context.ts";
import { aurocOf, withInterval } from "../metrics.ts";
import {
  count,
  share,
  shareBetween,
  type Cell,
  type PartResult,
  type TableRow,
} from "../result.ts";

/** A question with how a small and a large model did on it. */
interface Judged {
  readonly group: string;
  readonly text: string;
  readonly isWeakWrong: boolean;
  /** The large model right where the small one is wrong. */
  readonly isStrongOnly: boolean;
}

const pair = ["Meta-Llama-3_1-8B-Instruct", "Meta-Llama-3_1-70B-Instruct"] as const;
const mmluRow = v.object({
  question: v.string(),
  category: v.string(),
  correct: v.record(v.string(), v.number()),
});
const routed = v.object({
  prompt: v.string(),
  split: v.string(),
  weak_score: v.number(),
  strong_score: v.number(),
});

function mmluPro(data: string): readonly Judged[] {
  return readRows(data, "mmlu_pro_correctness").map((row) => {
    const { question: text, category, correct } = v.parse(mmluRow, row);
    const [isWeak, isStrong] = pair.map((name) => correct[name] === 1);
    const isWeakWrong = isWeak !== true;
    return {
      group: `MMLU-Pro: ${category}`,
      text,
      isWeakWrong,
      isStrongOnly: isWeakWrong && isStrong === true,
    };
  });
}

/** Scores between are taken for the side that they are nearer to. */
function routerPairs(data: string): readonly Judged[] {
  return readRows(data, "llmrouter_pairs")
    .filter((row) => field(row, "split") === "test")
    .flatMap((row) => {
      const read = v.safeParse(routed, row);
      if (!read.success) return [];
      const isWeakWrong = read.output.weak_score < 0.5;
      const isStrongOnly = isWeakWrong && read.output.strong_score >= 0.5;
      return [
        { group: "llmrouter_pairs, test", text: read.output.prompt, isWeakWrong, isStrongOnly },
      ];
    });
}

const measures = [
  "complexity",
  "length signal",
  "syntax",
  "uncertainty",
  "characters",
  "difficulty",
] as const;
type Measured = Readonly<Record<(typeof measures)[number], number>>;

/** Runs the part. */
export async function orderingPart(context: Context): Promise<PartResult> {
  const loaded = await loadPolicy({
    path: resolve(import.meta.dirname, "../../../policies/default.yaml"),
    env: {},
  });
  if (!loaded.ok) throw new Error("the default policy does not load");
  const questions = context.some([...mmluPro(context.data), ...routerPairs(context.data)]);
  await context.model.run(
    questions.map(({ text }) => text),
    "ordering",
  );
  const rows = questions.map((one) => ({
    ...one,
    measured: measuredOf(one.text, context, loaded.policy),
  }));
  return {
    tables: (["isWeakWrong", "isStrongOnly"] as const).map((what) => ({
      name: `ordering-${what}`,
      title:
        what === "isWeakWrong"
          ? "AUROC of the small model being wrong"
          : "AUROC of the large model alone being right",
      columns: ["questions", "rows", ...measures],
      rows: [...Map.groupBy(rows, ({ group }) => group)].map(([group, own]) =>
        rowOf(context, group, own, what),
      ),
      note: `MMLU-Pro: ${pair.join(" against ")}; llmrouter_pairs: gemma-2-9b against nemotron-51b. Complexity with the default weights; difficulty only where no question of the row was trained on.`,
    })),
    pictures: [],
  };
}

function rowOf(
  { trained }: Context,
  group: string,
  rows: readonly (Judged & { readonly measured: Measured })[],
  what: "isWeakWrong" | "isStrongOnly",
): TableRow {
  const truth = rows.map((row) => row[what]);
  const uses = trained.reaching("difficulty");
  const isSeen = rows.some(({ text }) =>
    uses.some(({ targets }) => targets.has(trained.key(text))),
  );
  const cells = measures.map((name): Cell => {
    const scores = rows.map(({ measured }) => measured[name]);
    const isKnown = !scores.some(Number.isNaN) && !(name === "difficulty" && isSeen);
    return isKnown
      ? shareBetween(withInterval(aurocOf(truth, scores), rows.length))
      : share(Number.NaN);
  });
  return { name: group, cells: [count(rows.length), ...cells] };
}

function measuredOf(text: string, context: Context, policy: Policy): Measured {
  const snapshot = { policy, intents: null, faqs: new Map(), labels: new Map(), isStopped: false };
  const reading = questionAsCall({ kind: "text", text }, snapshot)?.reading;
  if (reading?.kind !== "view") throw new Error("a question is no readable call");
  const cheap = signalReaders.readCheap(reading.view, policy);
  const classification = context.model.of(text);
  const read = signalReaders.readModel(classification, { cheap, policy, intents: null, text });
  const signals: Signals = { cheap, model: { kind: "known", signals: read, classification } };
  return {
    complexity: signalReaders.complexityOf(signals, policy),
    "length signal": cheap.length,
    syntax: cheap.syntax,
    uncertainty: read.uncertainty,
    characters: text.length,
    difficulty: read.difficulty ?? Number.NaN,
  };
}
