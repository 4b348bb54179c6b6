/** Part `latency`: how long one decision takes, by tokens and threads, inference alone and through the worker; load time and memory. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import * as v from "valibot";
import { sessionOptions } from "../../../proxy/inference/artefact-encoder.ts";
import { createClassifier } from "../../../proxy/inference/classifier.ts";
import { Progress } from "../../replay/progress.ts";
import type { Context } from "../context.ts";
import { quantile } from "../metrics.ts";
import { variantFolder } from "../model.ts";
import { processorName } from "../machine.ts";
import { measured, type Cell, type PartResult, type TableRow } from "../result.ts";

const sizes = [16, 32, 128];
const threads = [1, 2];
const warmUp = 20;
const runs = 200;

/** One text and how many tokens its window has. */
interface Probe {
  readonly tokens: number;
  readonly text: string;
}

/** A graph that is timed. */
interface Graph {
  readonly name: string;
  readonly file: string;
  /** Artefact that loads it through the worker; null for a graph without one. */
  readonly folder: string | null;
}

/** `fp32` names the pipeline's unquantised graph, if it is at hand. */
export async function latencyPart(context: Context, fp32: string | null): Promise<PartResult> {
  const { folder, manifest } = context.model;
  const other = manifest.variants.reduce_range;
  const changed = other === null ? null : variantFolder(folder, "reduce_range");
  const graphs: Graph[] = [
    ...(fp32 === null ? [] : [{ name: "FP32", file: fp32, folder: null }]),
    { name: "INT8", file: join(folder, manifest.variants.default), folder },
    ...(changed === null || other === null
      ? []
      : [{ name: "INT8 reduce_range", file: join(folder, other), folder: changed.folder }]),
  ];
  try {
    const probes = await probesOf(context);
    const rows = await timedRows(graphs, probes);
    return { tables: [timeTable(rows), await loadTable(folder)], pictures: [] };
  } finally {
    changed?.close();
  }
}

/** Texts of exactly so many tokens: words that are one token each, as the model counts them. */
async function probesOf({ model }: Context): Promise<readonly Probe[]> {
  const words =
    "please tell me where my order is and when it will come to the house in the city".split(" ");
  const probes = sizes.map((tokens) => ({
    tokens,
    text: Array.from({ length: tokens - 2 }, (_, at) => words[at % words.length]).join(" "),
  }));
  await model.run(
    probes.map(({ text }) => text),
    "probes",
  );
  for (const { tokens, text } of probes) {
    const found = model.of(text).tokens;
    if (found !== tokens) throw new Error(`a probe of ${tokens} tokens has ${found}`);
  }
  return probes;
}

async function timedRows(
  graphs: readonly Graph[],
  probes: readonly Probe[],
): Promise<readonly TableRow[]> {
  const rows: TableRow[] = [];
  const progress = new Progress(graphs.length * threads.length, process.stderr);
  for (const graph of graphs) {
    for (const many of threads) {
      const alone = await timedAlone(graph, many, probes);
      const through = graph.folder === null ? null : await timedThrough(graph.folder, many, probes);
      probes.forEach(({ tokens }, at) => {
        const name = `${graph.name}, ${tokens} tokens, ${many} thread${many > 1 ? "s" : ""}`;
        rows.push({ name, cells: [...timeCells(alone[at]), ...timeCells(through?.[at])] });
      });
      progress.step("latency");
    }
  }
  return rows;
}

type Times = readonly number[];

function timeCells(times: Times | undefined): readonly Cell[] {
  const sorted = (times ?? []).toSorted((a, b) => a - b);
  return [0.5, 0.95, 0.99].map((part) => measured(quantile(sorted, part), "ms"));
}

async function timesOf(run: () => Promise<unknown>): Promise<Times> {
  const times: number[] = [];
  for (let round = -warmUp; round < runs; round += 1) {
    const begin = performance.now();
    await run();
    if (round >= 0) times.push(performance.now() - begin);
  }
  return times;
}

async function timedAlone(
  { file }: Graph,
  many: number,
  probes: readonly Probe[],
): Promise<readonly Times[]> {
  const session = await InferenceSession.create(readFileSync(file), sessionOptions(many));
  const found: Times[] = [];
  for (const { tokens } of probes) {
    // Which tokens they are makes no difference to the time.
    const ids = BigInt64Array.from({ length: tokens }, (_, at) => BigInt(1000 + at));
    const shape = [1, tokens];
    const feeds = {
      input_ids: new Tensor("int64", ids, shape),
      attention_mask: new Tensor("int64", new BigInt64Array(tokens).fill(1n), shape),
    };
    found.push(await timesOf(() => session.run(feeds)));
  }
  await session.release();
  return found;
}

async function timedThrough(
  folder: string,
  many: number,
  probes: readonly Probe[],
): Promise<readonly Times[]> {
  const classifier = createClassifier({ model: folder, threads: many });
  try {
    await classifier.ready;
    const found: Times[] = [];
    for (const { text } of probes) {
      found.push(await timesOf(() => classifier.classify(text, performance.now() + 60_000)));
    }
    return found;
  } finally {
    await classifier.close();
  }
}

function timeTable(rows: readonly TableRow[]): PartResult["tables"][number] {
  const machine = processorName();
  return {
    name: `latency: ${machine}`,
    title: `Time of one decision, ${machine}`,
    columns: ["graph", "inference p50", "p95", "p99", "text to all outputs p50", "p95", "p99"],
    rows,
    note: `${runs} runs each after ${warmUp}, one at a time. Text to all outputs: tokenizer, inference, heads and the way to the worker thread and back.`,
  };
}

const probeSchema = v.object({ loadMs: v.number(), addedMB: v.number() });
const loads = 5;

/** Each in a process of its own, where nothing else has grown. */
async function loadTable(folder: string): Promise<PartResult["tables"][number]> {
  const found: v.InferOutput<typeof probeSchema>[] = [];
  for (let round = 0; round < loads; round += 1) found.push(await loadOnce(folder));
  const machine = processorName();
  return {
    name: `load: ${machine}`,
    title: `Loading, ${machine}`,
    columns: ["", "load", "resident memory added"],
    rows: [
      {
        name: "INT8, 2 threads, first text included",
        cells: [
          measured(middle(found.map(({ loadMs }) => loadMs)), "ms"),
          measured(middle(found.map(({ addedMB }) => addedMB)), "MB"),
        ],
      },
    ],
    note: `Median of ${loads} fresh processes; checksums and self-check included.`,
  };
}

function middle(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

async function loadOnce(folder: string): Promise<v.InferOutput<typeof probeSchema>> {
  const script = join(import.meta.dirname, "..", "load-probe.ts");
  const child = spawn(process.execPath, [script, folder], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const [code]: unknown[] = await once(child, "close");
  if (code !== 0) throw new Error(`the load probe ended with ${String(code)}`);
  return v.parse(probeSchema, JSON.parse(output));
}
