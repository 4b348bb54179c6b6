/** `npm run eval`: a model's figures from its artefact and the public sets, shown, compared with the stored ones, or stored. */
import { Context } from "./context.ts";
import { differences } from "./drift.ts";
import { circumstances } from "./machine.ts";
import { modelDigest } from "./model.ts";
import { dedupePart } from "./parts/dedupe.ts";
import { difficultyPart } from "./parts/difficulty.ts";
import { failuresPart } from "./parts/failures.ts";
import { faqPart } from "./parts/faq.ts";
import { headsPart } from "./parts/heads.ts";
import { int8Part } from "./parts/int8.ts";
import { intentsPart } from "./parts/intents.ts";
import { labelsPart } from "./parts/labels.ts";
import { latencyPart } from "./parts/latency.ts";
import { orderingPart } from "./parts/ordering.ts";
import { plainTable } from "./report.ts";
import type { PartResult } from "./result.ts";
import { HELP, readSettings, type PartName, type Settings } from "./settings.ts";
import { UsageError } from "../usage.ts";
import { merged, readEvaluation, storedPart, writeEvaluation, type Evaluation } from "./stored.ts";

type Run = (context: Context, settings: Settings) => PartResult | Promise<PartResult>;

const runs: Readonly<Record<PartName, Run>> = {
  heads: headsPart,
  int8: int8Part,
  intents: intentsPart,
  faq: faqPart,
  labels: labelsPart,
  difficulty: difficultyPart,
  ordering: orderingPart,
  failures: failuresPart,
  dedupe: dedupePart,
  latency: (context, { fp32 }) => latencyPart(context, fp32),
};

async function main(args: readonly string[]): Promise<number> {
  const settings = readSettings(args);
  if (settings === null) {
    process.stdout.write(HELP);
    return 0;
  }
  const context = await Context.open(settings.data, settings.model, settings);
  try {
    return await evaluated(context, settings);
  } finally {
    await context.model.close();
  }
}

async function evaluated(context: Context, settings: Settings): Promise<number> {
  const { folder, manifest } = context.model;
  const made = circumstances();
  const name = await context.model.name();
  tell(
    settings,
    `${name}; ${made.date}; ${made.processor}; Node ${made.node}; onnxruntime ${made.onnxruntime}\n\n`,
  );
  const results = new Map<PartName, PartResult>();
  const startMs = performance.now();
  for (const [at, part] of settings.parts.entries()) {
    process.stderr.write(`[${at + 1}/${settings.parts.length}] ${part}\n`);
    const result = await runs[part](context, settings);
    results.set(part, result);
    for (const table of result.tables) tell(settings, plainTable(table));
  }
  process.stderr.write(`took ${((performance.now() - startMs) / 1000).toFixed(0)} s\n`);
  const parts = Object.fromEntries(
    [...results].map(([part, result]) => [part, storedPart(result, made)]),
  );
  const model = {
    name: `${manifest.name}-v${manifest.version}`,
    sha256: modelDigest(folder, manifest),
  };
  const fresh: Evaluation = { format: 1, model, parts };
  if (settings.json) process.stdout.write(`${JSON.stringify(fresh, null, 1)}\n`);
  const shared = isShared(results.get("dedupe")) ? 1 : 0;
  if (settings.isWriting) {
    writeEvaluation(folder, merged(readEvaluation(folder), fresh), [...results.values()]);
    return shared;
  }
  return Math.max(shared, settings.limit === null ? compared(fresh, settings) : 0);
}

function tell({ json }: Settings, text: string): void {
  if (!json) process.stdout.write(text);
}

/** Whether a split shares a text with the training. */
function isShared(dedupe: PartResult | undefined): boolean {
  const rows = dedupe?.tables.flatMap((table) => table.rows) ?? [];
  return rows.some(({ cells }) => (cells[1]?.value ?? 0) > 0);
}

/** 1 when a figure differs from the stored one, or none is stored for this model. */
function compared(fresh: Evaluation, { model, parts, tolerance }: Settings): number {
  const old = readEvaluation(model);
  if (old === null || old.model.sha256 !== fresh.model.sha256) {
    process.stderr.write("no figures of this very model are stored: run with --write\n");
    return 1;
  }
  const found = parts.flatMap((part) => {
    const now = fresh.parts[part];
    return now === undefined ? [] : differences(old.parts[part], now, tolerance);
  });
  for (const { place, stored, fresh: now } of found) {
    process.stderr.write(`differs: ${place}: stored ${stored}, now ${now}\n`);
  }
  if (found.length === 0) process.stderr.write("all figures are as stored\n");
  return found.length === 0 ? 0 : 1;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => process.exit(1));
}
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
