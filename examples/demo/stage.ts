/** The demo's stage: simulated cloud and sidecar, each a process of its own, on a copy of the demo's policy. */

import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProcess } from "../process/ready-process.ts";
import type { ReadyProcess } from "../process/ready-process.ts";

export interface Stage {
  /** Base of the sidecar's data listener. */
  readonly url: string;
  /** Base of the sidecar's admin listener. */
  readonly admin: string;
  readonly cloudUrl: string;
  /** The folder whose policy the sidecar watches. */
  readonly policyFolder: string;
  readonly stopCloud: () => Promise<void>;
  readonly startCloud: () => Promise<void>;
  /** Replaces text in a policy file as an editor does: a new file, then a rename. */
  readonly edit: (file: string, from: string, to: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface StageOptions {
  /** `host:port`; port 0 picks one. */
  readonly listen: string;
  readonly admin: string;
}

const ROOT = join(import.meta.dirname, "../..");
const PACE = ["--ttft", "150ms", "--tokens-per-second", "120", "--jitter", "0.2"];

/** Rejects with what a process wrote when it does not start. */
export async function createStage(options: StageOptions): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "sidestep-demo-"));
  await cp(join(import.meta.dirname, "policy"), folder, { recursive: true });
  const running: { cloud: ReadyProcess | null; sidecar: ReadyProcess | null } = {
    cloud: null,
    sidecar: null,
  };
  const close = async (): Promise<void> => {
    await Promise.all([running.sidecar?.stop(), running.cloud?.stop()]);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    running.cloud = await startCloudAt("127.0.0.1:0");
    const cloudUrl = String(running.cloud.ready["url"]);
    running.sidecar = await startSidecar(folder, cloudUrl, options);
    const { ready } = running.sidecar;
    return {
      url: String(ready["listen"]),
      admin: String(ready["admin"]),
      cloudUrl,
      policyFolder: folder,
      stopCloud: async () => void (await running.cloud?.stop()),
      startCloud: async () => {
        running.cloud = await startCloudAt(new URL(cloudUrl).host);
      },
      edit: (file, from, to) => edit(join(folder, file), from, to),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function startCloudAt(listen: string): Promise<ReadyProcess> {
  const main = join(ROOT, "examples/simulated-cloud/main.ts");
  return startProcess({
    name: "the simulated cloud",
    args: [main, "--listen", listen, ...PACE, "--until-stdin-ends"],
  });
}

function startSidecar(
  folder: string,
  cloudUrl: string,
  { listen, admin }: StageOptions,
): Promise<ReadyProcess> {
  const listeners = ["--listen", listen, "--admin", admin];
  return startProcess({
    name: "the sidecar",
    args: [
      join(ROOT, "proxy/main.ts"),
      "run",
      "--policy",
      join(folder, "support.yaml"),
      ...listeners,
    ],
    environment: { SIMULATED_CLOUD: cloudUrl },
  });
}

async function edit(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(file, "utf8");
  if (!text.includes(from)) throw new Error(`${file} does not contain "${from}"`);
  await writeFile(`${file}.new`, text.replace(from, to));
  await rename(`${file}.new`, file);
}
