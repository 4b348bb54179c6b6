/** What the pictures of the page are taken of, and the hour is played on: the simulated cloud and a sidecar on the demo's policy, whose clock runs fast. */
import { readFile } from "node:fs/promises";
import { mkdtemp, cp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startProcess } from "../../examples/process/ready-process.ts";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";

const root = join(import.meta.dirname, "../..");

/** Both, running. */
export interface Stage {
  readonly url: string;
  readonly admin: string;
  readonly cloud: SimulatedCloud;
  /** The sidecar's audit log. */
  readonly audit: string;
  /** Changes the policy's file as an editor does. */
  readonly edit: (from: string, to: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** How it is set up. */
export interface StageOptions {
  /** The sidecar's clock begins so long ago ... */
  readonly backMs: number;
  /** ... and runs so many times as fast. */
  readonly speed: number;
  /** A folder that is not there yet, and will not be afterwards; the page shows its name. */
  readonly folder?: string | undefined;
}

/** Resolves when both are ready. */
export async function createStage({ speed, backMs, folder: named }: StageOptions): Promise<Stage> {
  const folder = named ?? (await mkdtemp(join(tmpdir(), "sidestep-page-")));
  const policy = join(folder, "policy/support.yaml");
  await cp(join(root, "examples/demo/policy"), dirname(policy), { recursive: true });
  const text = await readFile(policy, "utf8");
  const audit = join(folder, "audit.jsonl");
  const more = `\nverify: 5%\naudit: { file: ${audit} }\n`;
  await writeFile(policy, text.replace("\ntargets:", `${more}\ntargets:`));
  const cloud = await createSimulatedCloud({ ttftMs: 180, tokensPerSecond: 300, jitter: 0.4 });
  const listeners = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
  const clock = ["--import", join(import.meta.dirname, "fast-clock.ts")];
  const main = join(root, "proxy/main.ts");
  const sidecar = await startProcess({
    name: "the sidecar",
    args: [...clock, main, "run", "--policy", policy, ...listeners],
    environment: {
      SIMULATED_CLOUD: cloud.url,
      CLOCK_SPEED: String(speed),
      CLOCK_BACK_MS: String(backMs),
    },
  });
  return {
    url: String(sidecar.ready["listen"]),
    admin: String(sidecar.ready["admin"]),
    cloud,
    audit,
    edit: async (from, to) => writeFile(policy, (await readFile(policy, "utf8")).replace(from, to)),
    close: async () => {
      await sidecar.stop();
      await cloud.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
