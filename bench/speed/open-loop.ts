/** Load in an open loop: calls come at random moments of a given rate, whether those before are answered or not. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { Endpoint } from "./contenders.ts";
import { figure } from "./figure-schema.ts";
import type { Core } from "./pinning.ts";
import type { Processes } from "./processes.ts";

/** A load. */
export interface OpenLoad {
  readonly target: Endpoint;
  /** Bodies in turn. */
  readonly bodies: readonly string[];
  readonly perSecond: number;
  readonly seconds: number;
  /** Load of the same rate before, which is not counted. */
  readonly warmSeconds: number;
}

/** What the program is given; latencies come back in milliseconds. */
export interface OpenJob extends Omit<OpenLoad, "bodies"> {
  readonly bodiesFile: string;
}

/** Where the load comes from. */
export interface LoadPlace {
  readonly processes: Processes;
  readonly folder: string;
  readonly core: Core;
}

export interface OpenResult {
  readonly done: number;
  /** Calls without a whole 2xx reply. */
  readonly failed: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly highest: number;
  /** How late the generator itself was; part of every latency, the direct way's too. */
  readonly lag50: number;
  readonly lag99: number;
}

const resultSchema = v.object({
  done: figure,
  failed: figure,
  p50: figure,
  p90: figure,
  p99: figure,
  highest: figure,
  lag50: figure,
  lag99: figure,
});

/** Rejects when the generator itself fails. */
export async function runOpenLoop(load: OpenLoad, place: LoadPlace): Promise<OpenResult> {
  const bodiesFile = join(place.folder, "open-loop-bodies");
  writeFileSync(bodiesFile, load.bodies.join("\n"));
  const { target, perSecond, seconds, warmSeconds } = load;
  const job: OpenJob = { target, perSecond, seconds, warmSeconds, bodiesFile };
  const started = await place.processes.start({
    name: "open loop",
    command: process.execPath,
    args: [join(import.meta.dirname, "programs/open-loop.ts"), JSON.stringify(job)],
    core: place.core,
    ready: "line",
  });
  return v.parse(resultSchema, JSON.parse(await started.output));
}
