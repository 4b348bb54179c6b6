/** Part `streams`: what a way adds to a streamed reply, chunk by chunk, and what an open stream costs in memory. */
import { readFileSync } from "node:fs";
import { residentMB } from "../accounting.ts";
import {
  bareRelay,
  direct,
  directName,
  litellmProxy,
  nginx,
  portkeyGateway,
  sidestep,
  sidestepName,
  type Contender,
  type Running,
} from "../contenders.ts";
import {
  linesOver,
  middleIn,
  Rounds,
  withAdded,
  type Column,
  type Table,
  type Target,
} from "../figures.ts";
import { chart } from "../chart.ts";
import { inTurn, type Part } from "../part.ts";
import { startAll, type Stage } from "../stage.ts";
import { startSse } from "../sse-upstream.ts";
import { holdStreams, runStreams } from "../streams-load.ts";
import { chatCall } from "../traffic.ts";

/** Streams at one time, and how often each gets a chunk: a thousand at a model's full pace are more than one core can read. */
const sizes = [
  { streams: 1, everyMs: 20, lastsMs: 500 },
  { streams: 100, everyMs: 50, lastsMs: 2000 },
  { streams: 1000, everyMs: 200, lastsMs: 2000 },
];
const quickSizes = [{ streams: 10, everyMs: 20, lastsMs: 500 }];

const columns: readonly Column[] = [
  { key: "first50", name: "first byte p50", unit: "ms" },
  { key: "first99", name: "first byte p99", unit: "ms" },
  { key: "delay50", name: "chunk delay p50", unit: "ms" },
  { key: "delay99", name: "chunk delay p99", unit: "ms" },
  { key: "highest", name: "longest", unit: "ms" },
  { key: "failed", name: "failed", unit: "count" },
];

/** LiteLLM is left out above: its core is busy for longer than a chunk's pace. */
const mostForLitellm = 10;
const heldStreams = 10_000;
const body = chatCall({ stream: true });

export const streamsPart: Part = {
  name: "streams",
  about: "relay of server-sent events: first byte, added delay per chunk, memory per open stream",
  run: async (stage) => {
    const { isQuick } = stage.settings;
    const upstream = await startSse(stage);
    const contenders = [direct, nginx, bareRelay, sidestep(), portkeyGateway, litellmProxy];
    const running = await startAll(stage, contenders, upstream.url);
    const bySize: { readonly x: number; readonly table: Table }[] = [];
    for (const { streams, everyMs, lastsMs } of isQuick ? quickSizes : sizes) {
      await upstream.setPace({ everyMs, chunks: Math.round(lastsMs / everyMs) });
      const able = running.filter(
        ({ name }) => name !== litellmProxy.name || streams <= mostForLitellm,
      );
      const table = await delays(stage, able, { streams, everyMs });
      bySize.push({ x: streams, table });
    }
    await stage.rest();
    const tables = [...bySize.map(({ table }) => table), await held(stage)];
    const words = { title: "Delay of a chunk, p99", x: "streams at one time", y: "ms" };
    const picture = chart(words, linesOver(bySize, "delay99"));
    return { tables, pictures: [{ name: "streams", picture }], targets: targetsOf(tables) };
  },
};

async function delays(
  stage: Stage,
  running: readonly Running[],
  { streams, everyMs }: { readonly streams: number; readonly everyMs: number },
): Promise<Table> {
  const { processes, folder, cores, settings } = stage;
  const place = { processes, folder, core: cores.load };
  const found = new Rounds();
  const { rounds, seconds, warmSeconds } = settings;
  await inTurn(rounds, running, async ({ name, endpoint }, round) => {
    const warm = round === 0 ? warmSeconds : 1;
    const load = { target: endpoint, body, streams, seconds, warmSeconds: warm };
    const { first50, first99, delay50, delay99, highest, failed } = await runStreams(load, place);
    found.add(name, { first50, first99, delay50, delay99, highest, failed });
    stage.tell(`streams ${streams}, round ${round + 1}: ${name}`);
  });
  const table: Table = {
    name: `streams-${streams}`,
    title: `${streams.toLocaleString("en-US")} stream${streams === 1 ? "" : "s"}, a chunk every ${everyMs} ms each`,
    subject: "way",
    columns,
    rows: found.rows(),
  };
  const compared = ["first50", "delay50", "delay99"];
  return compared.reduce((wider, of) => withAdded(wider, of, directName), table);
}

/** Each in a fresh process, one after the other: memory that was used once is seldom given back. */
async function held(stage: Stage): Promise<Table> {
  const wanted = stage.settings.isQuick ? 500 : heldStreams;
  const streams = Math.min(wanted, Math.floor((openFiles() - 200) / 2));
  const found = new Rounds();
  for (const contender of [bareRelay, sidestep(), portkeyGateway]) {
    if (contender.missing === null)
      found.add(contender.name, await heldBy(stage, contender, streams));
    stage.tell(`streams, ${streams} open: ${contender.name}`);
    await stage.rest();
  }
  return {
    name: "streams-held",
    title: `${streams.toLocaleString("en-US")} open streams, a chunk every 10 s each`,
    subject: "way",
    columns: [
      { key: "before", name: "resident before", unit: "MB" },
      { key: "with", name: "resident with them", unit: "MB" },
      { key: "each", name: "per stream", unit: "KB" },
      { key: "failed", name: "failed", unit: "count" },
    ],
    rows: found.rows(),
    note: `Each stream is two open files in the proxy, of which one process may have ${openFiles().toLocaleString("en-US")} here.`,
  };
}

async function heldBy(
  stage: Stage,
  contender: Contender,
  streams: number,
): Promise<Record<"before" | "with" | "each" | "failed", number>> {
  const { processes, folder, cores, settings } = stage;
  const place = { processes, folder, core: cores.load };
  const upstream = await startSse(stage);
  const { started, endpoint } = await contender.start(stage, upstream.url);
  const pid = started?.pid ?? 0;
  await upstream.setPace({ everyMs: 20, chunks: 50 });
  const { warmSeconds } = settings;
  await runStreams({ target: endpoint, body, streams: 10, seconds: 1, warmSeconds }, place);
  const before = residentMB(pid);
  await upstream.setPace({ everyMs: 10_000, chunks: 1000 });
  const { open, failed, stop } = await holdStreams({ target: endpoint, body, streams }, place);
  const most = residentMB(pid);
  await stop();
  return { before, with: most, each: (1000 * (most - before)) / open, failed };
}

/** How many files one process may have open here. */
function openFiles(): number {
  const limits = readFileSync("/proc/self/limits", "utf8");
  const found = /^Max open files\s+\d+\s+(\d+)/mu.exec(limits)?.[1];
  return found === undefined ? 1024 : Number(found);
}

function targetsOf(tables: readonly Table[]): readonly Target[] {
  const valueOf = (table: string, column: string): number | null =>
    middleIn(tables, { table, row: sidestepName, column });
  return [
    {
      text: "added delay per chunk p99 at 100 streams",
      value: valueOf("streams-100", "added-delay99"),
      unit: "ms",
      bar: 1,
      isMost: true,
    },
    {
      text: "resident with 10,000 open streams",
      value: valueOf("streams-held", "with"),
      unit: "MB",
      bar: 400,
      isMost: true,
    },
  ];
}
