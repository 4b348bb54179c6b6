/** Part `reload`: the policy is written anew again and again while calls come; none may fail, none may wait. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { relayPolicy, sidestep, type Running } from "../contenders.ts";
import { middleIn, Rounds, type Column, type Table } from "../figures.ts";
import { startFixedUpstream } from "../nginx.ts";
import { runOpenLoop } from "../open-loop.ts";
import { inTurn, type Part } from "../part.ts";
import { scrape } from "../scraped.ts";
import type { Stage } from "../stage.ts";
import { supportPolicy } from "../support-calls.ts";
import { chatCall, chatReply } from "../traffic.ts";

const perSecond = 500;
const everyMs = 500;

const columns: readonly Column[] = [
  { key: "reloads", name: "reloads", unit: "count" },
  { key: "failed", name: "failed calls", unit: "count" },
  { key: "p50", name: "p50", unit: "ms" },
  { key: "p99", name: "p99", unit: "ms" },
  { key: "highest", name: "longest", unit: "ms" },
];

/** A Sidestep whose policy can be changed. */
interface Reloaded extends Running {
  readonly file: string;
  readonly policy: () => string;
}

export const reloadPart: Part = {
  name: "reload",
  about: "reloads of the policy under load: failed calls, and what the others wait",
  run: async (stage) => {
    const { processes, folder, cores } = stage;
    const place = { processes, folder, core: cores.load };
    const upstream = await startFixedUpstream(place, chatReply());
    const running = [
      await start(stage, "without model", () => relayPolicy(upstream.url)),
      await start(stage, "with model and an intent", () => intentPolicy(upstream.url)),
    ];
    const found = new Rounds();
    await inTurn(stage.settings.rounds, running, async (one, round) => {
      const reloaded = running.find(({ name }) => name === one.name);
      if (reloaded === undefined) return;
      found.add(`${one.name}, left alone`, await loaded(stage, reloaded, false));
      found.add(`${one.name}, reloaded`, await loaded(stage, reloaded, true));
      stage.tell(`reload, round ${round + 1}: ${one.name}`);
    });
    const table: Table = {
      name: "reload",
      title: `${perSecond} calls/s, the policy written anew every ${everyMs} ms`,
      subject: "Sidestep",
      columns,
      rows: found.rows(),
      note: "With an intent, every other policy has a new example sentence, which is embedded and fitted.",
    };
    const rows = running.map(({ name }) => `${name}, reloaded`);
    const failed = rows.map((row) =>
      middleIn([table], { table: table.name, row, column: "failed" }),
    );
    const value = failed.reduce<number>((sum, count) => sum + (count ?? Number.NaN), 0);
    const text = "calls that fail while the policy is reloaded";
    return {
      tables: [table],
      pictures: [],
      targets: [{ text, value, unit: "count", bar: 0, isMost: true }],
    };
  },
};

async function start(stage: Stage, name: string, policy: () => string): Promise<Reloaded> {
  const file = join(stage.newFolder("policy"), "policy.yaml");
  writeFileSync(file, policy());
  const running = await sidestep({ name, file }).start(stage, "");
  return { ...running, file, policy };
}

let sentences = 0;

function intentPolicy(upstream: string): string {
  sentences += 1;
  return `${supportPolicy(upstream)}intents:
  lamp:
    - the lamp is broken
    - my lamp does not work
    - lamp number ${Math.floor(sentences / 2)} has no light
`;
}

async function loaded(
  stage: Stage,
  one: Reloaded,
  isReloaded: boolean,
): Promise<Record<"reloads" | "failed" | "p50" | "p99" | "highest", number>> {
  const { processes, folder, cores, settings } = stage;
  const before = await scrape(one);
  const done = new AbortController();
  const reloading = isReloaded ? rewrite(one, done.signal) : null;
  const { seconds, warmSeconds } = settings;
  const load = { target: one.endpoint, bodies: [chatCall()], perSecond, seconds, warmSeconds };
  const result = await runOpenLoop(load, { processes, folder, core: cores.load });
  done.abort();
  await reloading;
  const { failed, p50, p99, highest } = result;
  const name = "sidestep_policy_reloads_total";
  const reloads = (await scrape(one)).sum(name) - before.sum(name);
  return { reloads, failed, p50, p99, highest };
}

/** Each writing differs, since a policy that says the same is not taken up again. */
async function rewrite({ file, policy }: Reloaded, signal: AbortSignal): Promise<void> {
  for (let count = 0; !signal.aborted; count += 1) {
    writeFileSync(file, `${policy()}x-count: ${count}\n`);
    await sleep(everyMs);
  }
}
