/** What a call costs in processor time at ten calls a second and at a thousand: linear, or somebody pays for the load of others; the part `added` uses it. */
import { cpuSeconds } from "./accounting.ts";
import { sidestepName } from "./contenders.ts";
import { middleIn, Rounds, type Table, type Target } from "./figures.ts";
import { runOpenLoop } from "./open-loop.ts";
import type { WarmRelay } from "./relays.ts";
import type { Stage } from "./stage.ts";
import { chatCall } from "./traffic.ts";

/** Linux counts hundredths of a second, so that few calls a second are watched for longer. */
const loads = [
  { perSecond: 10, seconds: 10 },
  { perSecond: 100, seconds: 3 },
  { perSecond: 1000, seconds: 2 },
];
const quickSeconds = 1;
const nearSeconds = 2;
const nearRow = "near its limit";

const tableName = "added-cost";

/** Sidestep alone, one round: it is held against itself. */
export async function costByLoad(
  stage: Stage,
  relays: readonly WarmRelay[],
  nearLimit: (relay: WarmRelay) => number,
): Promise<Table> {
  const found = new Rounds();
  const one = relays.find(({ name }) => name === sidestepName);
  if (one !== undefined) {
    for (const load of loads) found.add(rowOf(load.perSecond), await cost(stage, one, load));
    const near = { perSecond: nearLimit(one), seconds: nearSeconds };
    found.add(nearRow, await cost(stage, one, near));
  }
  return {
    name: tableName,
    title: "Processor time by load, Sidestep",
    subject: "load",
    columns: [
      { key: "rate", name: "calls/s", unit: "per second" },
      { key: "cpu", name: "CPU seconds per 1,000 calls", unit: "s" },
    ],
    rows: found.rows(),
    note: "What an idle process needs by itself is part of it, and weighs most where calls are few.",
  };
}

async function cost(
  stage: Stage,
  { started, endpoint }: WarmRelay,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<Record<"rate" | "cpu", number>> {
  const { processes, folder, cores, settings } = stage;
  const pid = started?.pid ?? 0;
  const length = settings.isQuick ? quickSeconds : seconds;
  const load = { target: endpoint, bodies: [chatCall()], perSecond, seconds: length };
  const before = cpuSeconds(pid);
  const place = { processes, folder, core: cores.load };
  const { done } = await runOpenLoop({ ...load, warmSeconds: 0 }, place);
  stage.tell(`cost of a call at ${perSecond}/s`);
  return { rate: perSecond, cpu: (1000 * (cpuSeconds(pid) - before)) / done };
}

function rowOf(perSecond: number): string {
  return `${perSecond.toLocaleString("en-US")} calls/s`;
}

/** Linear or better: a call under load costs no more than one by itself. */
export function costTarget(tables: readonly Table[]): Target {
  const cpuAt = (row: string): number =>
    middleIn(tables, { table: tableName, row, column: "cpu" }) ?? Number.NaN;
  const value = cpuAt(nearRow) / cpuAt(rowOf(10));
  return {
    text: "processor time of a call near the limit, against 10 calls/s",
    value: Number.isNaN(value) ? null : value,
    unit: "times",
    bar: 1,
    isMost: true,
  };
}
