/** The text-generation thread's work: load, then write one text after the other. */
import { parentPort } from "node:worker_threads";
import type { GenerateStart, GenerateTask } from "./generator-protocol.ts";
import { locate } from "./location.ts";
import { loadTextGenerator, type TextGenerator } from "./text-generator.ts";
import type { WorkerReport } from "./worker-protocol.ts";

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
  cancelled: Int32Array,
): Promise<void> {
  try {
    const isCancelled = (): boolean => Atomics.load(cancelled, 0) === task.id;
    const generated = await generator.generate(task, isCancelled);
    report({ kind: "generated", id: task.id, generated });
  } catch (error) {
    report({ kind: "error", id: task.id, error: messageOf(error) });
  }
}

/** Never throws: what goes wrong is reported. */
export async function runGenerator(start: GenerateStart): Promise<void> {
  try {
    const generator = await load(start);
    const cancelled = new Int32Array(start.cancelled);
    let last: Promise<void> = Promise.resolve();
    parentPort?.on("message", (task: GenerateTask) => {
      last = last.then(() => write(generator, task, cancelled));
    });
    const { name, variant } = generator;
    report({ kind: "ready", model: { name, variant, digest: "", folder: null } });
  } catch (error) {
    report({ kind: "failed", error: messageOf(error) });
    parentPort?.close();
  }
}
