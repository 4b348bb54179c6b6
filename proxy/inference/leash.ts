/** Ends a worker thread only where that is safe: one that is stopped within the ONNX runtime takes the whole process with it. */
import type { Worker } from "node:worker_threads";

/** What the one shared number says of the thread. */
const free = 0;
const busy = 1;
const lastRun = 2;
const ended = 3;

/** The number that a thread and its owner share; each thread has its own. */
export function createLeash(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

/** In the thread: does `work`, in which it cannot be ended, and ends the thread afterwards if its owner wants that. */
export async function leashed<T>(leash: SharedArrayBuffer, work: () => Promise<T>): Promise<T> {
  const state = new Int32Array(leash);
  // An owner who came first is about to end this thread.
  if (Atomics.compareExchange(state, 0, free, busy) !== free) process.exit();
  try {
    return await work();
  } finally {
    if (Atomics.compareExchange(state, 0, busy, free) === lastRun) process.exit();
  }
}

/** In the thread: whether work that goes on is of no use any more. */
export function isLastRun(leash: SharedArrayBuffer): boolean {
  return Atomics.load(new Int32Array(leash), 0) === lastRun;
}

/** In the owner: ends the thread, now or when what it is at is done. */
export function endThread(worker: Worker, leash: SharedArrayBuffer): void {
  const state = new Int32Array(leash);
  for (;;) {
    if (Atomics.compareExchange(state, 0, free, ended) === free) {
      void worker.terminate();
      return;
    }
    // It may become free in between, and then it is looked at again.
    if (Atomics.compareExchange(state, 0, busy, lastRun) !== free) return;
  }
}
