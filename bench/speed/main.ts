/** `npm run bench`: Sidestep beside what could stand in its place, in one run and in turn. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../usage.ts";
import { machineNow } from "./machine.ts";
import { pinThis } from "./pinning.ts";
import { parts } from "./registry.ts";
import type { Report } from "./report.ts";
import { writeResults } from "./results.ts";
import { helpText, readSettings, type Settings } from "./settings.ts";
import { createStage, type Stage } from "./stage.ts";

const root = join(import.meta.dirname, "../..");

async function main(args: readonly string[]): Promise<void> {
  const names = parts.map(({ name }) => name);
  const settings = readSettings(args, names);
  if (settings === null) {
    process.stdout.write(helpText(parts));
    return;
  }
  requireTools();
  const stage = createStage(settings, process.stderr);
  try {
    const file = writeResults(await measured(stage), folderFor(settings));
    process.stdout.write(`${readFileSync(file, "utf8")}\n${file}\n`);
  } finally {
    await stage.close();
  }
}

async function measured(stage: Stage): Promise<Report> {
  const { settings, cores } = stage;
  const machine = machineNow();
  if (cores.proxy === null) stage.tell("nothing is pinned: two cores and taskset are wanted");
  // Built now, not within the first start that is timed.
  stage.tell(`measuring ${stage.program()}`);
  // The bench itself must not stand in the way of what is measured.
  pinThis(cores.load);
  const chosen = parts.filter(
    ({ name }) => settings.parts.length === 0 || settings.parts.includes(name),
  );
  const done: Report["parts"][number][] = [];
  for (const [at, { name, about, rig, run }] of chosen.entries()) {
    stage.tell(`part ${name}`);
    done.push({ name, about, result: await run(stage) });
    if (rig === undefined || chosen[at + 1]?.rig !== rig) await stage.rest();
  }
  const { rounds, seconds, note } = settings;
  return { machine, note, rounds, seconds, parts: done };
}

/** Only a whole run is kept. */
function folderFor({ folder, parts: named, isQuick }: Settings): string {
  if (folder !== null) return folder;
  return join(root, named.length > 0 || isQuick ? "bench/results/tmp" : "bench/results");
}

function requireTools(): void {
  for (const tool of ["wrk", "nginx"]) {
    try {
      execFileSync("sh", ["-c", `command -v ${tool}`], { stdio: "ignore" });
    } catch (error) {
      throw new UsageError(`${tool} is wanted: apt-get install wrk nginx-light`, { cause: error });
    }
  }
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => process.exit(1));
}
try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
