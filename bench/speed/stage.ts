/** What every part of the bench works with: its processes, folder, cores and settings. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Contender, Running } from "./contenders.ts";
import { twoCores, type Cores } from "./pinning.ts";
import { Processes } from "./processes.ts";
import type { Settings } from "./settings.ts";

const buildScript = join(import.meta.dirname, "../../scripts/build.ts");

export interface Stage {
  readonly settings: Settings;
  readonly cores: Cores;
  readonly folder: string;
  readonly processes: Processes;
  /** The program as it is shipped, built when it is first asked for. */
  program(): string;
  /** A folder that nobody else uses. */
  newFolder(name: string): string;
  /** Shows how far the bench is. */
  tell(line: string): void;
  /** Stops every process; the folder stays. */
  rest(): Promise<void>;
  /** Stops every process and removes the folder. */
  close(): Promise<void>;
}

export function createStage(settings: Settings, output: NodeJS.WritableStream): Stage {
  const folder = mkdtempSync(join(tmpdir(), "sidestep-bench-"));
  const processes = new Processes(folder);
  const startedMs = performance.now();
  let folders = 0;
  const shipped = join(folder, "dist");
  return {
    settings,
    cores: twoCores(),
    folder,
    processes,
    program: () => {
      if (!existsSync(shipped)) execFileSync(process.execPath, [buildScript, "--out", shipped]);
      return join(shipped, "sidestep.js");
    },
    newFolder: (name) => {
      folders += 1;
      const made = join(folder, `${name.replaceAll(/\W+/g, "-")}-home-${folders}`);
      mkdirSync(made);
      return made;
    },
    tell: (line) => {
      const seconds = Math.round((performance.now() - startedMs) / 1000);
      output.write(`${String(seconds).padStart(4)} s  ${line}\n`);
    },
    rest: () => processes.stopAll(),
    close: async () => {
      await processes.stopAll();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts those that can take part, one after the other; says which cannot. */
export async function startAll(
  stage: Stage,
  contenders: readonly Contender[],
  upstream: string,
): Promise<readonly Running[]> {
  const running: Running[] = [];
  for (const contender of contenders) {
    if (contender.missing === null) running.push(await contender.start(stage, upstream));
    else stage.tell(`${contender.name} is left out: ${contender.missing}`);
  }
  return running;
}
