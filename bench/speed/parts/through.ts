/** Part `through`: calls that only pass, as fast as they go, at 1 and 32 connections. */
import { cpuSeconds } from "../accounting.ts";
import {
  bareName,
  directName,
  litellmName,
  portkeyName,
  sidestepName,
  type Running,
} from "../contenders.ts";
import {
  median,
  cellOf,
  ratios,
  Rounds,
  withAdded,
  withDerived,
  type Column,
  type PartResult,
  type Table,
  type Target,
} from "../figures.ts";
import { inTurn, type Part } from "../part.ts";
import { loadOf, mostConnections, relaysRig, warmRelays } from "../relays.ts";
import type { Stage } from "../stage.ts";

/** The most first, as in the warm-up. */
const connectionCounts = [mostConnections, 1];

const columns: readonly Column[] = [
  { key: "rate", name: "calls/s", unit: "per second" },
  { key: "p50", name: "p50", unit: "ms" },
  { key: "p90", name: "p90", unit: "ms" },
  { key: "p99", name: "p99", unit: "ms" },
  { key: "cpu", name: "CPU seconds per 1,000 calls", unit: "s" },
  { key: "failed", name: "failed", unit: "count" },
];

export const throughPart: Part = {
  name: "through",
  about: "pass-through of JSON calls in a closed loop: calls/s, latency, CPU",
  rig: relaysRig,
  run: async (stage) => {
    const running = await warmRelays(stage);
    const tables: Table[] = [];
    for (const count of connectionCounts) {
      tables.unshift(await measured(stage, running, count));
    }
    return { tables, pictures: [], targets: targetsOf(tables) } satisfies PartResult;
  },
};

async function measured(
  stage: Stage,
  running: readonly Running[],
  connections: number,
): Promise<Table> {
  const { rounds, seconds } = stage.settings;
  const found = new Rounds();
  await inTurn(rounds, running, async (one, round) => {
    const before = one.started === null ? 0 : cpuSeconds(one.started.pid);
    const result = await loadOf(stage, one, { connections, seconds });
    const spent = one.started === null ? 0 : cpuSeconds(one.started.pid) - before;
    const { done, failed, p50, p90, p99 } = result;
    const rate = done / result.seconds;
    const cpu = one.started === null ? Number.NaN : (1000 * spent) / done;
    found.add(one.name, { rate, p50, p90, p99, cpu, failed });
    stage.tell(`through ${connections}, round ${round + 1}: ${one.name} ${Math.round(rate)}/s`);
  });
  return tableOf(found, connections);
}

function tableOf(found: Rounds, connections: number): Table {
  const plain: Table = {
    name: `through-${connections}`,
    title: `Pass-through, ${connections} connection${connections === 1 ? "" : "s"}`,
    subject: "way",
    columns,
    rows: found.rows(),
  };
  const compared = withDerived(plain, {
    column: { key: "share", name: "calls/s against the bare relay", unit: "times" },
    of: "rate",
    against: bareName,
    by: ratios,
  });
  return withAdded(compared, "p50", directName);
}

function targetsOf(tables: readonly Table[]): readonly Target[] {
  const table = tables.find(({ name }) => name === "through-32");
  const bars = [
    { to: bareName, bar: 0.8 },
    { to: portkeyName, bar: 10 },
    { to: litellmName, bar: 100 },
  ];
  return bars.map(({ to, bar }) => {
    const own = table === undefined ? null : cellOf(table, sidestepName, "rate");
    const other = table === undefined ? null : cellOf(table, to, "rate");
    const value = own === null || other === null ? null : median(ratios(own, other));
    const text = `calls/s at 32 connections, against ${to}`;
    return { text, value, unit: "times", bar, isMost: false };
  });
}
