/** What `npm run eval` is asked for. */
import { parseArgs } from "node:util";
import { orUsageError, UsageError } from "../usage.ts";

/** The parts, in the order in which they run and are shown. */
export const partNames = [
  "heads",
  "int8",
  "intents",
  "faq",
  "labels",
  "difficulty",
  "ordering",
  "failures",
  "dedupe",
  "latency",
] as const;

/** One part. */
export type PartName = (typeof partNames)[number];

/** A checked command line. */
export interface Settings {
  readonly parts: readonly PartName[];
  /** Folder of the artefact, and of the public sets. */
  readonly model: string;
  readonly data: string;
  readonly isWriting: boolean;
  /** How far a share may move before it counts as changed. */
  readonly tolerance: number;
  readonly limit: number | null;
  /** The pipeline's unquantised graph, to be timed beside the others. */
  readonly fp32: string | null;
  readonly json: boolean;
}

export const HELP = `Usage: npm run eval -- [PART ...] [options]

Recomputes the figures of a model's card from its artefact and the public sets, through the runtime
that Sidestep ships. Without --write the figures are compared with those stored beside the model.

Parts (all by default):
  heads       each head on its report rows and on public splits, with baselines
  int8        both INT8 variants against the stored FP32 outputs
  intents     CLINC150 and Banking77 from 5 and 10 sentences an intent
  faq         the open replay's questions against its FAQ
  labels      label answers by confidence
  difficulty  a difficulty head by source and category; nothing for a model without one
  ordering    complexity, length and difficulty by which models got a question right
  failures    sentences written to be hard, and those read wrongly
  dedupe      texts that an evaluation split shares with the training
  latency     16, 32 and 128 tokens, 1 and 2 threads; load time and memory

  --model NAME      a folder of models/, or a path              [support-v1]
  --data FOLDER     the public sets                             [../shared/data]
  --write           store the figures: evaluation.json, figures/*.svg and the card's section
  --tolerance X     how far a share may differ from the stored  [0.01]
  --limit N         at most N rows of each head and split; cannot be stored or compared
  --fp32 FILE       time the pipeline's fp32.onnx as well
  --json            figures as JSON on standard output
  --help

Exit codes: 0 done and as stored, 1 a figure differs or a text is shared, 2 wrong use.
`;

/** Null asks for help; throws UsageError. */
export function readSettings(args: readonly string[]): Settings | null {
  const { values, positionals } = orUsageError(() => parse(args));
  if (values.help) return null;
  const parts = positionals.map(partNamed);
  const limit = numberOf("limit", values.limit);
  if (limit > 0 && values.write) throw new UsageError("--limit cannot go with --write");
  return {
    parts: parts.length === 0 ? partNames : partNames.filter((name) => parts.includes(name)),
    model: values.model.includes("/") ? values.model : `models/${values.model}`,
    data: values.data,
    isWriting: values.write,
    tolerance: numberOf("tolerance", values.tolerance),
    limit: limit === 0 ? null : limit,
    fp32: values.fp32 ?? null,
    json: values.json,
  };
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (!(value >= 0)) throw new UsageError(`--${name} "${text}" is no number from 0 on`);
  return value;
}

function partNamed(name: string): PartName {
  const found = partNames.find((one) => one === name);
  if (found === undefined) {
    throw new UsageError(`there is no part "${name}"; there are ${partNames.join(", ")}`);
  }
  return found;
}

// The options stand here alone so that the types of their values follow from them.
function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      model: { type: "string", default: "support-v1" },
      data: { type: "string", default: "../shared/data" },
      write: { type: "boolean", default: false },
      tolerance: { type: "string", default: "0.01" },
      limit: { type: "string", default: "0" },
      fp32: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
}
