/** Runs a fit in a thread of its own; used by intents.ts. */
import { Worker } from "node:worker_threads";
import type { Examples, Regression } from "./regression.ts";
import { workerUrl, type FitStart } from "./worker-protocol.ts";

const longestMs = 300_000;

/** The regression over `examples`; rejects when the thread fails or takes too long. */
export async function fitInThread(examples: Examples): Promise<Regression> {
  const start: FitStart = { role: "fit", examples };
  const worker = new Worker(workerUrl(import.meta.url), {
    workerData: start,
    name: "sidestep-fit",
  });
  const timer = setTimeout(() => void worker.terminate(), longestMs);
  try {
    return await new Promise((resolve, reject) => {
      worker.once("message", (regression: Regression) => resolve(regression));
      worker.once("error", reject);
      worker.once("exit", () => reject(new Error("the fitting thread ended without a result")));
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
