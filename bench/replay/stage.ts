/** The replay's stage: the simulated cloud with its answers, and the sidecar with its policy, both real processes. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startProcess } from "../../examples/process/ready-process.ts";
import type { ReadyProcess } from "../../examples/process/ready-process.ts";
import type { Row } from "./row.ts";
import type { Item } from "./sentences.ts";
import type { Settings } from "./settings.ts";
import { writePolicy } from "./support-policy.ts";
import { cloudAnswers } from "./verdict.ts";

export interface Stage {
  /** Base of the sidecar's data listener. */
  readonly url: string;
  /** What the sidecar wrote to standard error last. */
  readonly errors: () => string;
  readonly close: () => Promise<void>;
}

const ROOT = join(import.meta.dirname, "../..");

/** Rejects with what a process wrote when it does not start. */
export async function createStage(
  rows: readonly Row[],
  items: readonly Item[],
  settings: Settings,
): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "sidestep-replay-"));
  const started: ReadyProcess[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(started.map((process) => process.stop()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const cloud = await startProcess({ name: "the simulated cloud", args: cloudArguments() });
    started.push(cloud);
    const cloudUrl = String(cloud.ready["url"]);
    await dictate(cloudUrl, rows);
    const policy = settings.policyFolder ?? join(folder, "policy");
    const { maxWrong, cache } = settings;
    const model = modelOf(settings.artefact);
    await writePolicy(policy, { items, cloudUrl, model, maxWrong, cache });
    const sidecar = await startProcess({ name: "the sidecar", args: sidecarArguments(policy) });
    started.push(sidecar);
    return { url: String(sidecar.ready["listen"]), errors: sidecar.errors, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function cloudArguments(): readonly string[] {
  const main = join(ROOT, "examples/simulated-cloud/main.ts");
  return [main, "--ttft", "0ms", "--tokens-per-second", "0", "--until-stdin-ends"];
}

function sidecarArguments(policy: string): readonly string[] {
  const listeners = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
  return [join(ROOT, "proxy/main.ts"), "run", "--policy", policy, ...listeners];
}

/** A folder is meant from where the command runs; a bundled name stays a name. */
function modelOf(artefact: string): string {
  return artefact.includes("/") ? resolve(artefact) : artefact;
}

async function dictate(cloudUrl: string, rows: readonly Row[]): Promise<void> {
  const reply = await fetch(`${cloudUrl}/_control/answers`, {
    method: "POST",
    body: JSON.stringify({ answers: cloudAnswers(rows) }),
  });
  if (!reply.ok) throw new Error(`the simulated cloud took no answers: ${await reply.text()}`);
}
