/** A worker that speaks the model thread's protocol and does on command what a broken one does by accident. */
import { appendFileSync, readFileSync } from "node:fs";
import { BroadcastChannel, parentPort, workerData } from "node:worker_threads";
import type {
  ModelStart,
  WorkerReport,
  WorkerTask,
} from "../../../proxy/inference/worker-protocol.ts";

// `model` is a file in which every start leaves a line, and the name of the channel to the test.
const start: ModelStart = workerData;
appendFileSync(start.model, "start\n");
const starts = readFileSync(start.model, "utf8").split("\n").length - 1;
const channel = new BroadcastChannel(start.model);
const held: WorkerTask[] = [];

function report(message: WorkerReport): void {
  parentPort?.postMessage(message);
}

function answer({ id, text }: WorkerTask): void {
  report({
    kind: "result",
    id,
    classification: {
      embedding: Float32Array.of(text.length, starts),
      heads: new Map(),
      flags: new Map(),
      tokens: 1,
      unknownShare: 0,
      model: "scripted",
    },
  });
}

const scripts: Readonly<Record<string, (task: WorkerTask) => void>> = {
  crash: () => process.exit(3),
  throw: () => {
    throw new Error("thrown in the worker");
  },
  "crash in the first life": (task) => (starts === 1 ? process.exit(3) : answer(task)),
  hang: () => {
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
  },
  error: ({ id }) => report({ kind: "error", id, error: "no such token" }),
};

channel.onmessage = (event) => {
  if (typeof event === "object" && event !== null && "data" in event && event.data === "release") {
    for (const task of held.splice(0)) answer(task);
  }
};
channel.unref();

parentPort?.on("message", (task: WorkerTask) => {
  channel.postMessage(`got ${task.text}`);
  const script = scripts[task.text];
  if (script !== undefined) script(task);
  if (script === undefined && task.text.startsWith("hold")) held.push(task);
  if (script === undefined && !task.text.startsWith("hold")) answer(task);
});

if (start.base === "fail") {
  report({ kind: "failed", error: "nothing to load" });
} else if (start.base !== "never") {
  const model = { name: "scripted", variant: "default", digest: "d".repeat(64), folder: null };
  report({ kind: "ready", model });
}
