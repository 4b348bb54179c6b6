/** Part `footprint`: resident memory idle and under load, and how long a cold start takes to the first reply. */
import { setTimeout as sleep } from "node:timers/promises";
import { cpuSeconds, residentMB } from "../accounting.ts";
import {
  bareRelay,
  litellmProxy,
  nginx,
  portkeyGateway,
  sidestep,
  sidestepName,
  type Contender,
  type Endpoint,
} from "../contenders.ts";
import { middleIn, Rounds, type Column, type Table, type Target } from "../figures.ts";
import { freePort, startFixedUpstream } from "../nginx.ts";
import type { Part } from "../part.ts";
import type { Stage } from "../stage.ts";
import { answeredCalls, supportPolicy } from "../support-calls.ts";
import { chatCall, chatReply } from "../traffic.ts";
import { runWrk } from "../wrk.ts";

const modelName = "Sidestep with model";
const restartName = "Sidestep with model, restarted";
const settleMs = 2000;
const pollMs = 5;

const columns: readonly Column[] = [
  { key: "first", name: "start to first passed call", unit: "ms" },
  { key: "answer", name: "start to first answer from the pod", unit: "ms" },
  { key: "idle", name: "resident, idle", unit: "MB" },
  { key: "loaded", name: "resident, under load", unit: "MB" },
  { key: "idleCpu", name: "CPU seconds per idle minute", unit: "s" },
];

export const footprintPart: Part = {
  name: "footprint",
  about: "memory idle, with model and under load; cold start to the first reply",
  run: async (stage) => {
    const { processes, folder, cores } = stage;
    const place = { processes, folder, core: cores.load };
    const upstream = await startFixedUpstream(place, chatReply());
    const found = new Rounds();
    // Memory hardly differs between fresh processes: rounds would only take longer.
    for (const contender of contendersOf(stage)) {
      if (contender.missing !== null) continue;
      found.add(contender.name, await ofOne(stage, contender, upstream.url));
      stage.tell(`footprint: ${contender.name}`);
    }
    const table: Table = {
      name: "footprint",
      title: "Memory and cold start, each in a fresh process on one core",
      subject: "way",
      columns,
      rows: found.rows(),
      note:
        `Load: 32 connections for ${stage.settings.loadSeconds} s. With the model, calls of the load are ` +
        "read by it. A restarted Sidestep finds what it had computed before; a first start computes it.",
    };
    return { tables: [table], pictures: [], targets: targetsOf([table]) };
  },
};

function contendersOf(stage: Stage): readonly Contender[] {
  const state = stage.newFolder("state");
  const withModel = { policy: supportPolicy, state };
  return [
    nginx,
    bareRelay,
    sidestep(),
    sidestep({ ...withModel, name: modelName }),
    sidestep({ ...withModel, name: restartName }),
    portkeyGateway,
    litellmProxy,
  ];
}

type Figures = Record<"first" | "answer" | "idle" | "loaded" | "idleCpu", number>;

async function ofOne(stage: Stage, contender: Contender, upstream: string): Promise<Figures> {
  const hasModel = contender.name.startsWith(modelName);
  const { started, first, answer, endpoint } = await coldStart(stage, contender, {
    upstream,
    hasModel,
  });
  const { settings, folder, cores } = stage;
  await sleep(settleMs);
  const idle = residentMB(started.pid);
  const before = cpuSeconds(started.pid);
  await sleep(settleMs);
  const idleCpu = ((cpuSeconds(started.pid) - before) * 60_000) / settleMs;
  const bodies = hasModel ? answeredCalls.FAQ : [chatCall()];
  const load = { target: endpoint, bodies, connections: 32, seconds: settings.loadSeconds };
  const running = runWrk(load, { folder, core: cores.load });
  await sleep(settings.loadSeconds * 900);
  const loaded = residentMB(started.pid);
  await running;
  await started.stop();
  return { first, answer, idle, loaded, idleCpu };
}

interface Cold {
  readonly upstream: string;
  readonly hasModel: boolean;
}

/** Calls it from its very start on, until it passes a call, and answers one where it can. */
async function coldStart(stage: Stage, contender: Contender, { upstream, hasModel }: Cold) {
  const port = await freePort();
  const startedMs = performance.now();
  const starting = contender.start(stage, upstream, port);
  // The headers are known only with the endpoint; those that need none are called from the start on.
  const early = { url: `http://127.0.0.1:${port}`, path: "/v1/chat/completions" };
  const isPlain = contender.name !== portkeyGateway.name;
  const first = isPlain ? until(early, chatCall(), passed) : null;
  const answers = hasModel ? until(early, answeredCalls.template[0] ?? "", answered) : null;
  const { endpoint, started } = await starting;
  if (started === null) throw new Error(`${contender.name} has no process`);
  const firstMs = await (first ?? until(endpoint, chatCall(), passed));
  const answerMs = answers === null ? Number.NaN : (await answers) - startedMs;
  return { started, endpoint, first: firstMs - startedMs, answer: answerMs };
}

type Early = Pick<Endpoint, "url" | "path"> & Partial<Endpoint>;

/** When the first reply came that is as wanted. */
async function until(
  { url, path, headers = { "content-type": "application/json" } }: Early,
  body: string,
  isWanted: (reply: Response) => boolean,
): Promise<number> {
  for (;;) {
    try {
      const reply = await fetch(`${url}${path}`, { method: "POST", headers, body });
      await reply.arrayBuffer();
      if (isWanted(reply)) return performance.now();
    } catch {
      // It does not listen yet.
    }
    await sleep(pollMs);
  }
}

function passed(reply: Response): boolean {
  return reply.ok;
}

function answered(reply: Response): boolean {
  return reply.headers.get("x-sidestep-decision") === "local";
}

function targetsOf(tables: readonly Table[]): readonly Target[] {
  const most = (
    text: string,
    at: { readonly row: string; readonly column: string },
    bar: Pick<Target, "bar" | "unit">,
  ): Target => ({
    text,
    value: middleIn(tables, { table: "footprint", ...at }),
    ...bar,
    isMost: true,
  });
  return [
    most(
      "resident under load, relaying only",
      { row: sidestepName, column: "loaded" },
      { bar: 80, unit: "MB" },
    ),
    most(
      "resident under load, with model",
      { row: modelName, column: "loaded" },
      { bar: 200, unit: "MB" },
    ),
    most(
      "cold start to the first passed call",
      { row: sidestepName, column: "first" },
      { bar: 400, unit: "ms" },
    ),
    most(
      "cold start to the first answer from the pod",
      { row: restartName, column: "answer" },
      { bar: 1000, unit: "ms" },
    ),
  ];
}
