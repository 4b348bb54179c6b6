/** Part `local`: answers from the pod, beside a server of Node that always says the same. */
import { join } from "node:path";
import { sidestep, type Contender, type Running } from "../contenders.ts";
import {
  middleIn,
  ratios,
  Rounds,
  withDerived,
  type Column,
  type Table,
  type Target,
} from "../figures.ts";
import { startFixedUpstream } from "../nginx.ts";
import { inTurn, type Part } from "../part.ts";
import { scrape } from "../scraped.ts";
import type { Stage } from "../stage.ts";
import { answeredBy, answeredCalls, keepingPolicy, supportPolicy } from "../support-calls.ts";
import { chatCall, chatPath, chatReply, clientHeaders } from "../traffic.ts";
import { warmUp } from "../warm-up.ts";
import { runWrk } from "../wrk.ts";

const limitName = "node:http, fixed JSON";
const exactName = "exact hit";

const columns: readonly Column[] = [
  { key: "rate", name: "calls/s", unit: "per second" },
  { key: "p50", name: "p50", unit: "ms" },
  { key: "p99", name: "p99", unit: "ms" },
  { key: "local", name: "answered in the pod", unit: "percent" },
];

interface Called {
  readonly running: Running;
  readonly bodies: readonly string[];
}

/** One kind of answer, with calls that get it. */
interface Kind extends Called {
  readonly name: string;
}

export const localPart: Part = {
  name: "local",
  about:
    "answers from the pod: template, FAQ, label, exact cache hit, beside a fixed server of Node",
  run: async (stage) => {
    const { processes, folder, cores } = stage;
    const place = { processes, folder, core: cores.load };
    const upstream = await startFixedUpstream(place, chatReply());
    const tables: Table[] = [];
    for (const { isPinned, connections } of [
      { isPinned: false, connections: 1 },
      { isPinned: true, connections: 32 },
    ]) {
      const kinds = await kindsOf(stage, upstream.url, isPinned);
      tables.push(await measured(stage, kinds, { isPinned, connections }));
    }
    return { tables, pictures: [], targets: targetsOf(tables) };
  },
};

async function kindsOf(
  stage: Stage,
  upstream: string,
  isPinned: boolean,
): Promise<readonly Kind[]> {
  const start = (contender: Contender): Promise<Running> => contender.start(stage, upstream);
  const limit = await startLimit(stage, isPinned);
  const keeping = await start(sidestep({ name: exactName, policy: keepingPolicy, isPinned }));
  const support = await start(sidestep({ name: "support", policy: supportPolicy, isPinned }));
  const kinds: Kind[] = [{ name: limitName, running: limit, bodies: [chatCall()] }];
  // The first call fills the store.
  await answeredBy(keeping, [chatCall(), chatCall()]);
  kinds.push({ name: exactName, running: keeping, bodies: [chatCall()] });
  for (const [name, calls] of Object.entries(answeredCalls)) {
    kinds.push({ name, running: support, bodies: await answeredBy(support, calls) });
  }
  return kinds;
}

async function startLimit({ processes, cores }: Stage, isPinned: boolean): Promise<Running> {
  const started = await processes.start({
    name: limitName,
    command: process.execPath,
    args: [join(import.meta.dirname, "../programs/fixed-server.ts")],
    core: isPinned ? cores.proxy : cores.all,
    ready: "line",
  });
  const url = String(started.ready["url"]);
  return { name: limitName, endpoint: { url, path: chatPath, headers: clientHeaders }, started };
}

interface Size {
  readonly isPinned: boolean;
  readonly connections: number;
}

async function measured(
  stage: Stage,
  kinds: readonly Kind[],
  { isPinned, connections }: Size,
): Promise<Table> {
  const { settings } = stage;
  const { rounds, seconds } = settings;
  const found = new Rounds();
  for (const each of processesOf(kinds)) {
    await warmUp(settings, (length) => load(stage, each, { connections, seconds: length }));
  }
  const turns = kinds.map((kind) => ({ ...kind.running, name: kind.name }));
  await inTurn(rounds, turns, async ({ name }, round) => {
    const kind = kinds.find((one) => one.name === name);
    if (kind === undefined) return;
    const before = await answeredSoFar(kind);
    const { done, p50, p99, ...result } = await load(stage, kind, { connections, seconds });
    const local = (100 * ((await answeredSoFar(kind)) - before)) / done;
    found.add(name, { rate: done / result.seconds, p50, p99, local });
    stage.tell(`local ${connections}, round ${round + 1}: ${name}`);
  });
  const cores = isPinned ? "one core" : "all cores";
  const table: Table = {
    name: `local-${connections}`,
    title: `${connections} connection${connections === 1 ? "" : "s"}, ${cores}`,
    subject: "answer",
    columns,
    rows: found.rows(),
  };
  return withDerived(table, {
    column: { key: "share", name: "calls/s against node:http", unit: "times" },
    of: "rate",
    against: limitName,
    by: ratios,
  });
}

/** Each process once, with all the calls that are measured in it. */
function processesOf(kinds: readonly Kind[]): readonly Called[] {
  const groups = Map.groupBy(kinds, ({ running }) => running);
  return [...groups].map(([running, of]) => ({
    running,
    bodies: of.flatMap(({ bodies }) => bodies),
  }));
}

/** Calls that it has answered itself; NaN for the limit. */
async function answeredSoFar({ name, running }: Kind): Promise<number> {
  if (name === limitName) return Number.NaN;
  const scraped = await scrape(running);
  const counted = ["local", "cache"].map((decision) =>
    scraped.sum("sidestep_requests_total", { decision }),
  );
  return counted.reduce((sum, one) => sum + one, 0);
}

function load(
  { folder, cores }: Stage,
  { running, bodies }: Called,
  size: { readonly connections: number; readonly seconds: number },
): ReturnType<typeof runWrk> {
  return runWrk({ target: running.endpoint, bodies, ...size }, { folder, core: cores.load });
}

function targetsOf(tables: readonly Table[]): readonly Target[] {
  const p50 = (row: string, bar: number): Target => ({
    text: `answer by ${row}, p50 at 1 connection`,
    value: middleIn(tables, { table: "local-1", row, column: "p50" }),
    unit: "ms",
    bar,
    isMost: true,
  });
  return [
    ...Object.keys(answeredCalls).map((kind) => p50(kind, 3)),
    p50(exactName, 0.3),
    {
      text: `calls/s of exact hits, against node:http`,
      value: middleIn(tables, { table: "local-32", row: exactName, column: "share" }),
      unit: "times",
      bar: 0.6,
      isMost: false,
    },
  ];
}
