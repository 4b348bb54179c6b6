/** Part `replay`: recorded support traffic at its own pace, at ten times that, and in bursts. */
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import * as v from "valibot";
import { readRows, type Row } from "../../replay/row.ts";
import { drawItems } from "../../replay/sentences.ts";
import { readSettings } from "../../replay/settings.ts";
import { createStage } from "../../replay/stage.ts";
import { sendRows, type Served } from "../../replay/traffic.ts";
import { Rounds, type Column, type PartResult, type Table } from "../figures.ts";
import { Histogram } from "../histogram.ts";
import type { Part } from "../part.ts";
import { pinThis } from "../pinning.ts";
import type { Stage } from "../stage.ts";

interface Pace {
  readonly name: string;
  readonly speed: number;
  /** Calls that come within so long come all at once; 0 leaves them where they are. */
  readonly gatheredMs: number;
}

const paces: readonly Pace[] = [
  { name: "x1", speed: 1, gatheredMs: 0 },
  { name: "x10", speed: 10, gatheredMs: 0 },
  { name: "x10 in bursts, a second's calls at once", speed: 10, gatheredMs: 1000 },
];

const columns: readonly Column[] = [
  { key: "calls", name: "calls", unit: "count" },
  { key: "pod", name: "without the cloud", unit: "percent" },
  { key: "pod50", name: "from the pod p50", unit: "ms" },
  { key: "pod99", name: "from the pod p99", unit: "ms" },
  { key: "cloud50", name: "forwarded p50", unit: "ms" },
  { key: "cloud99", name: "forwarded p99", unit: "ms" },
  { key: "undecided", name: "forwarded undecided", unit: "count" },
  { key: "failed", name: "failed", unit: "count" },
];

export const replayPart: Part = {
  name: "replay",
  about: "recorded support traffic at x1, x10 and in bursts: latency from the pod and forwarded",
  run: async (stage) => {
    const { replayFile } = stage.settings;
    if (!existsSync(replayFile)) {
      stage.tell(`replay is left out: there is no ${replayFile}`);
      return { tables: [], pictures: [], targets: [] };
    }
    // Its processes have the whole machine, as an application's would.
    pinThis(stage.cores.all);
    try {
      return await replayed(stage, replayFile);
    } finally {
      pinThis(stage.cores.load);
    }
  },
};

async function replayed(stage: Stage, file: string): Promise<PartResult> {
  const settings = readSettings([file]);
  if (settings === null) throw new Error("the replay's settings are wanted");
  const rows = readRows(file);
  const times = arrivalTimes(file);
  const { url, close } = await createStage(rows, drawItems(rows, settings.seed), settings);
  const found = new Rounds();
  let from = 0;
  try {
    for (const pace of paces) {
      const lengthMs = stage.settings.isQuick ? 2000 : 12_000;
      const due = dueTimes(times.slice(from), pace).filter((ms) => ms < lengthMs);
      const send = (row: Row, onServed: (one: Row, served: Served) => void): Promise<void> =>
        sendRows([row], { url, model: settings.model, concurrency: 1, onServed });
      found.add(pace.name, await played(rows.slice(from, from + due.length), due, send));
      from += due.length;
      stage.tell(`replay ${pace.name}`);
    }
  } finally {
    await close();
  }
  const table: Table = {
    name: "replay",
    title: "Recorded traffic, 5.5 calls/s on average, with the replay's support policy",
    subject: "pace",
    columns,
    rows: found.rows(),
    note:
      "One pass of the recording's next rows for each pace; nothing is pinned. The simulated cloud " +
      "answers at once, so that what is forwarded shows what the way costs. Counted from when a call was due.",
  };
  return { tables: [table], pictures: [], targets: [] };
}

/** When each row came, in seconds from the first. */
function arrivalTimes(file: string): readonly number[] {
  const bytes = readFileSync(file);
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  const line = v.object({ t: v.number() });
  const lines = text.split("\n").filter((one) => one !== "");
  return lines.map((one) => v.parse(line, JSON.parse(one)).t);
}

/** Milliseconds from the first of the given times. */
function dueTimes(times: readonly number[], { speed, gatheredMs }: Pace): readonly number[] {
  const first = times[0] ?? 0;
  return times.map((seconds) => {
    const dueMs = ((seconds - first) * 1000) / speed;
    return gatheredMs === 0 ? dueMs : Math.ceil(dueMs / gatheredMs) * gatheredMs;
  });
}

const undecidedReasons: ReadonlySet<string> = new Set([
  "decision_timeout",
  "queue_full",
  "model_unavailable",
]);

type Send = (row: Row, onServed: (one: Row, served: Served) => void) => Promise<void>;

async function played(
  rows: readonly Row[],
  due: readonly number[],
  send: Send,
): Promise<Record<string, number>> {
  const [pod, cloud] = [new Histogram(), new Histogram()];
  const counts = { undecided: 0, failed: 0 };
  const startMs = performance.now();
  const calls: Promise<void>[] = [];
  for (const [at, row] of rows.entries()) {
    const dueMs = startMs + (due[at] ?? 0);
    const leftMs = dueMs - performance.now();
    if (leftMs > 0) await sleep(leftMs);
    const served = (_row: Row, { decision, reason }: Served): void => {
      const tookMs = performance.now() - dueMs;
      if (decision === "failed") counts.failed += 1;
      else (decision === "forwarded" ? cloud : pod).add(tookMs);
      if (undecidedReasons.has(reason)) counts.undecided += 1;
    };
    calls.push(send(row, served));
  }
  await Promise.all(calls);
  return {
    calls: rows.length,
    pod: (100 * pod.total) / rows.length,
    pod50: pod.quantile(0.5),
    pod99: pod.quantile(0.99),
    cloud50: cloud.quantile(0.5),
    cloud99: cloud.quantile(0.99),
    ...counts,
  };
}
