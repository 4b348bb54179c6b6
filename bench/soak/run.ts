/** One soak from file to figures: an upstream and callers here, the sidecar a process of its own. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startProcess, type ReadyProcess } from "../../examples/process/ready-process.ts";
import { runtimeEnvironment, runtimeFlags } from "../../scripts/build/runtime.ts";
import { readRows, type Row } from "../replay/row.ts";
import { drawItems } from "../replay/sentences.ts";
import { writePolicy } from "../replay/support-policy.ts";
import { pace, readArrivals } from "./arrivals.ts";
import { bodyOf, send } from "./caller.ts";
import { Ledger } from "./ledger.ts";
import { sampleMemory, type MemorySeries } from "./memory.ts";
import { planOf } from "./plan.ts";
import { startProgress } from "./progress.ts";
import { Records } from "./records.ts";
import { startReloads } from "./reloads.ts";
import type { Settings } from "./settings.ts";
import { createUpstream } from "./upstream.ts";
import { judge } from "./verdict.ts";

export interface SoakResult {
  readonly ledger: Ledger;
  readonly records: Records;
  readonly memory: MemorySeries;
  readonly seconds: number;
  readonly reloads: number;
  /** Exit code of the sidecar, stopped by SIGTERM at the end. */
  readonly exitCode: number | null;
}

/** More under way than this is a machine that does not keep up, and would only measure itself. */
const mostUnderWay = 1500;

const root = join(import.meta.dirname, "../..");

/** Rejects when the file cannot be read or a process does not start. */
export async function soak(settings: Settings): Promise<SoakResult> {
  const rows = readRows(settings.file);
  const times = readArrivals(settings.file);
  const ledger = new Ledger();
  const records = new Records();
  const hashes = new Map<number, string>();
  const upstream = await createUpstream({
    planOf: (number) => planOf(number, settings),
    came: (number, sha256) => {
      ledger.came += 1;
      if (planOf(number, settings).leaving !== null) ledger.cameOfLeavers.add(number);
      if (hashes.get(number) === sha256) return;
      ledger.changed += 1;
      ledger.example({ number, sha256, sent: hashes.get(number) ?? "nothing" });
    },
  });
  const folder = await mkdtemp(join(tmpdir(), "sidestep-soak-"));
  await writePolicy(folder, policyFor(rows, settings, upstream.url));
  const sidecar = await started(folder, settings, records);
  const memory = sampleMemory(sidecar.pid);
  const reloads = startReloads(folder, settings.reloadSeconds * 1000);
  const { minutes } = settings;
  const hush = startProgress({ minutes, ledger, memory }, process.stderr);
  const startMs = performance.now();
  try {
    await play({ settings, rows, times, ledger, records, hashes, url: urlOf(sidecar) });
  } finally {
    hush();
    memory.stop();
    await reloads.stop();
  }
  const seconds = (performance.now() - startMs) / 1000;
  const exitCode = await sidecar.stop(30_000);
  await upstream.close();
  await rm(folder, { recursive: true, force: true });
  return { ledger, records, memory, seconds, reloads: reloads.count(), exitCode };
}

const urlOf = (sidecar: ReadyProcess): string => String(sidecar.ready["listen"]);

function policyFor(rows: readonly Row[], { seed, artefact }: Settings, cloudUrl: string) {
  const model = artefact.includes("/") ? resolve(artefact) : artefact;
  // Without a model nothing can be compared, so that there is nothing to compare with.
  const items = artefact === "null" ? [] : drawItems(rows, seed);
  // A store that is full within minutes: what still grows then is no store that fills.
  return { items, cloudUrl, model, maxWrong: "2.5%", cache: true, keptReplies: 2000 };
}

function started(folder: string, { artefact }: Settings, records: Records): Promise<ReadyProcess> {
  const listeners = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--grace", "20s"];
  return startProcess({
    name: "the sidecar",
    args: [...runtimeFlags, join(root, "proxy/main.ts"), "run", "--policy", folder, ...listeners],
    environment: {
      ...runtimeEnvironment,
      ...(artefact === "null" ? { SIDESTEP_STATE: "off" } : {}),
    },
    onErrorLine: (line) => records.line(line),
  });
}

interface Play {
  readonly settings: Settings;
  readonly rows: readonly Row[];
  readonly times: readonly number[];
  readonly ledger: Ledger;
  readonly records: Records;
  readonly hashes: Map<number, string>;
  readonly url: string;
}

async function play(parts: Play): Promise<void> {
  const { settings, rows, times, ledger, records, hashes, url } = parts;
  const underWay = new Set<Promise<void>>();
  const call = async (number: number, row: Row): Promise<void> => {
    const plan = planOf(number, settings);
    const body = bodyOf(row, plan);
    hashes.set(number, body.sha256);
    ledger.sent += 1;
    const outcome = await send(url, body.bytes, plan);
    if (outcome.id !== "") records.heard(outcome.id);
    ledger.settled(plan, outcome, judge(plan, outcome, settings));
    // A call whose caller has left may still be on its way to the upstream.
    setTimeout(() => hashes.delete(number), 30_000).unref();
  };
  const durationMs = settings.minutes * 60_000;
  await pace({
    times,
    speed: settings.speed,
    durationMs,
    arrived: (number) => {
      const row = rows[number % rows.length];
      if (row === undefined || underWay.size >= mostUnderWay) {
        ledger.heldBack += 1;
        return;
      }
      const running = call(number, row).finally(() => underWay.delete(running));
      underWay.add(running);
    },
  });
  await Promise.all(underWay);
  // The last lines of the log.
  await pause(1000);
}
