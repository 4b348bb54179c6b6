/** The text-generation thread's work: load, then write one text after the other. */
import { parentPort } from "node:worker_threads";
import type { GenerateStart, GenerateTask } from "./generator-protocol.ts";
import { isLastRun, leashed } from "./leash.ts";
import { locate } from "./location.ts";
import { loadTextGenerator, type TextGenerator } from "./text-generator.ts";
import type { Leashed, WorkerReport } from "./worker-protocol.ts";

function report(message: WorkerReport): void {
  parentPort?.postMessage(message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function load(start: GenerateStart): Promise<TextGenerator> {
  const location = locate(start.model, start);
  if (location.kind === "artefact") {
    throw new Error(`model "${start.model}" decides, and writes no text`);
  }
  return loadTextGenerator(location.id, location.root, start.threads);
}

async function write(
  generator: TextGenerator,
  task: GenerateTask,
  { cancelled, leash }: GenerateStart & Leashed,
): Promise<void> {
  const given = new Int32Array(cancelled);
  const isCancelled = (): boolean => Atomics.load(given, 0) === task.id || isLastRun(leash);
  try {
    const generated = await generator.generate(task, isCancelled);
    report({ kind: "generated", id: task.id, generated });
  } catch (error) {
    report({ kind: "error", id: task.id, error: messageOf(error) });
  }
}

/** Never throws: what goes wrong is reported. */
export async function runGenerator(start: GenerateStart & Leashed): Promise<void> {
  try {
    const generator = await leashed(start.leash, () => load(start));
    let last: Promise<void> = Promise.resolve();
    parentPort?.on("message", (task: GenerateTask) => {
      last = last.then(() => leashed(start.leash, () => write(generator, task, start)));
    });
    const { name, variant } = generator;
    report({ kind: "ready", model: { name, variant, digest: "", folder: null } });
  } catch (error) {
    report({ kind: "failed", error: messageOf(error) });
    parentPort?.close();
  }
}
