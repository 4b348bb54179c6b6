/** The model thread's work: load, then answer one text after the other, since a session's run blocks its thread. */
import { parentPort } from "node:worker_threads";
import { loadArtefact } from "./artefact-encoder.ts";
import type { Encoder } from "./encoder.ts";
import { loadHubModel } from "./hub-encoder.ts";
import { leashed } from "./leash.ts";
import { locate } from "./location.ts";
import type {
  Leashed,
  LoadedModel,
  ModelStart,
  WorkerReport,
  WorkerTask,
} from "./worker-protocol.ts";

function report(message: WorkerReport): void {
  const transfer = message.kind === "result" ? [message.classification.embedding.buffer] : [];
  parentPort?.postMessage(
    message,
    transfer.filter((buffer) => buffer instanceof ArrayBuffer),
  );
}

async function load(start: ModelStart): Promise<{ encoder: Encoder; model: LoadedModel }> {
  const location = locate(start.model, start);
  const encoder =
    location.kind === "artefact"
      ? await loadArtefact(location.folder, start.threads)
      : await loadHubModel(location.id, location.root, start.threads);
  // The first run allocates the session's memory, which no caller should wait for.
  await encoder.encode("hello");
  const { name, variant, digest } = encoder;
  const folder = location.kind === "artefact" ? location.folder : null;
  return { encoder, model: { name, variant, digest, folder } };
}

async function answer(encoder: Encoder, task: WorkerTask): Promise<void> {
  try {
    report({ kind: "result", id: task.id, classification: await encoder.encode(task.text) });
  } catch (error) {
    report({ kind: "error", id: task.id, error: messageOf(error) });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Never throws: what goes wrong is reported. */
export async function runModel(start: ModelStart & Leashed): Promise<void> {
  try {
    const { encoder, model } = await leashed(start.leash, () => load(start));
    // One at a time and in order, so that a result never depends on what else was in flight.
    let last: Promise<void> = Promise.resolve();
    parentPort?.on("message", (task: WorkerTask) => {
      last = last.then(() => leashed(start.leash, () => answer(encoder, task)));
    });
    report({ kind: "ready", model });
  } catch (error) {
    report({ kind: "failed", error: messageOf(error) });
    parentPort?.close();
  }
}
