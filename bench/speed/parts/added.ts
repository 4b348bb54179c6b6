/** Part `added`: what a way adds to a call's latency in an open loop, at 200 and 1,000 calls/s and near its own limit. */
import { costByLoad, costTarget } from "../cost-by-load.ts";
import { directName, sidestepName, workingRelay, type Running } from "../contenders.ts";
import {
  linesOver,
  middleIn,
  Rounds,
  withAdded,
  type Column,
  type Drawn,
  type Table,
  type Target,
} from "../figures.ts";
import { runOpenLoop } from "../open-loop.ts";
import { chart } from "../chart.ts";
import { inTurn, type Part } from "../part.ts";
import { relaysRig, warmRelays, type WarmRelay } from "../relays.ts";
import type { Stage } from "../stage.ts";
import { chatCall } from "../traffic.ts";

const rates = [200, 1000];
/** Of what a way can do at most: above, queues grow and latency says how long the run was. */
const nearShare = 0.8;

/** Some ways are faster than the generator, which must not be what is measured. */
const mostPerSecond = 10_000;

const latencyColumns: readonly Column[] = [
  { key: "p50", name: "p50", unit: "ms" },
  { key: "p90", name: "p90", unit: "ms" },
  { key: "p99", name: "p99", unit: "ms" },
  { key: "failed", name: "failed", unit: "count" },
];

const rateColumn: Column = { key: "rate", name: "calls/s", unit: "per second" };

const lateNote =
  "Counted from when a call was due, not from when it could be sent, so that a way that stands still " +
  "is charged with every call that came meanwhile.";

export const addedPart: Part = {
  name: "added",
  about: "added latency in an open loop, by calls/s",
  rig: relaysRig,
  run: async (stage) => {
    const running = (await warmRelays(stage)).filter(isCompared);
    const byRate: { readonly x: number; readonly table: Table }[] = [];
    for (const x of rates) {
      byRate.push({ x, table: await fixedRate(stage, running, x) });
    }
    const near = await nearSaturation(stage, running);
    const cost = await costByLoad(stage, running, nearLimit);
    const tables = [...byRate.map(({ table }) => table), near, cost];
    return { tables, pictures: [drawn(byRate, near)], targets: targetsOf(tables) };
  },
};

/** The working relay says what work costs, which `through` shows. */
function isCompared({ name }: WarmRelay): boolean {
  return name !== workingRelay.name;
}

/** Each way's line ends near its own limit. */
function drawn(
  byRate: readonly { readonly x: number; readonly table: Table }[],
  near: Table,
): Drawn {
  const lines = linesOver(byRate, "p99");
  const ends = near.rows.map(({ name }) => {
    const [x, y] = ["rate", "p99"].map((column) =>
      middleIn([near], { table: near.name, row: name, column }),
    );
    const points = lines.find((line) => line.name === name)?.points ?? [];
    return { name, points: [...points, { x: x ?? 0, y: y ?? 0 }] };
  });
  const words = { title: "Latency in an open loop, p99", x: "calls/s", y: "ms" };
  return { name: "added", picture: chart(words, ends) };
}

async function fixedRate(
  stage: Stage,
  running: readonly WarmRelay[],
  rate: number,
): Promise<Table> {
  const isAble = ({ capacity }: WarmRelay): boolean => capacity * nearShare >= rate;
  const unable = running.filter((one) => !isAble(one)).map(({ name }) => name);
  const found = new Rounds();
  await inTurn(stage.settings.rounds, running.filter(isAble), async (one, round) => {
    found.add(one.name, await latencyAt(stage, one, rate));
    stage.tell(`added at ${rate}/s, round ${round + 1}: ${one.name}`);
  });
  const table: Table = {
    name: `added-${rate}`,
    title: `${rate.toLocaleString("en-US")} calls/s`,
    subject: "way",
    columns: latencyColumns,
    rows: found.rows(),
    note: [lateNote, ...(unable.length === 0 ? [] : [`Not able to: ${unable.join(", ")}.`])].join(
      " ",
    ),
  };
  return withAdded(withAdded(table, "p50", directName), "p99", directName);
}

function nearLimit({ capacity }: WarmRelay): number {
  return Math.min(mostPerSecond, Math.round(nearShare * capacity));
}

async function nearSaturation(stage: Stage, running: readonly WarmRelay[]): Promise<Table> {
  const found = new Rounds();
  await inTurn(stage.settings.rounds, running, async (one, round) => {
    const rate = nearLimit(one);
    const latency = await latencyAt(stage, one, rate);
    found.add(one.name, { rate, ...latency });
    stage.tell(`added near saturation, round ${round + 1}: ${one.name} at ${rate}/s`);
  });
  return {
    name: "added-near",
    title: `Near saturation: ${100 * nearShare} % of what each way did at 32 connections, ${mostPerSecond.toLocaleString("en-US")} calls/s at most`,
    subject: "way",
    columns: [rateColumn, ...latencyColumns],
    rows: found.rows(),
  };
}

async function latencyAt(
  { processes, folder, cores, settings }: Stage,
  { endpoint }: Running,
  perSecond: number,
): Promise<Record<"p50" | "p90" | "p99" | "failed", number>> {
  const { seconds } = settings;
  const load = { target: endpoint, bodies: [chatCall()], perSecond, seconds, warmSeconds: 1 };
  const place = { processes, folder, core: cores.load };
  const { p50, p90, p99, failed } = await runOpenLoop(load, place);
  return { p50, p90, p99, failed };
}

function targetsOf(tables: readonly Table[]): readonly Target[] {
  const bars = [
    { of: "p50", bar: 0.15 },
    { of: "p99", bar: 1.5 },
  ];
  const added = bars.map(({ of, bar }): Target => {
    const at = { table: "added-1000", row: sidestepName, column: `added-${of}` };
    const text = `added ${of} at 1,000 calls/s`;
    return { text, value: middleIn(tables, at), unit: "ms", bar, isMost: true };
  });
  return [...added, costTarget(tables)];
}
