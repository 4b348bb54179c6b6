/** The worker thread that wakes the open loop's generator when a call is due: a wait on memory is ten times as exact as a timer. */
import { parentPort, workerData } from "node:worker_threads";
import * as v from "valibot";
import { arrivals } from "../arrivals.ts";

const schedule = v.object({
  perSecond: v.number(),
  endMs: v.number(),
  seed: v.number(),
  /** Epoch milliseconds, since every thread's own clock begins with the thread. */
  startMs: v.number(),
});
const { perSecond, endMs, seed, startMs } = v.parse(schedule, workerData);
const cell = new Int32Array(new SharedArrayBuffer(4));
for (const dueMs of arrivals(perSecond, endMs, seed)) {
  const leftMs = startMs + dueMs - (performance.timeOrigin + performance.now());
  if (leftMs > 0) Atomics.wait(cell, 0, 0, leftMs);
  parentPort?.postMessage(null);
}
