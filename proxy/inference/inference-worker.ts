/** Entry of every worker thread of this folder; what it is started with says which work it does. */
import { workerData } from "node:worker_threads";
import type { Start } from "./worker-protocol.ts";

const start: Start = workerData;

// Loaded by need: a fit has no use for the ONNX runtime.
if (start.role === "fit") {
  const { runFit } = await import("./fit-task.ts");
  runFit(start.examples);
} else if (start.role === "generate") {
  const { runGenerator } = await import("./generate-task.ts");
  await runGenerator(start);
} else {
  const { runModel } = await import("./model-task.ts");
  await runModel(start);
}
