/** The fitting thread's work: one regression, so that no reload blocks the event loop. */
import { parentPort } from "node:worker_threads";
import { fitRegression, type Examples, type Regression } from "./regression.ts";

/** Fits and reports the result to the thread that asked. */
export function runFit(examples: Examples): void {
  const regression: Regression = fitRegression(examples);
  const arrays = [regression.weights, regression.bias, regression.cohesion, regression.clearance];
  parentPort?.postMessage(
    regression,
    arrays.map(({ buffer }) => buffer),
  );
}
