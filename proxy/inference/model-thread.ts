/** The life of a worker thread that holds a model: load, crash, bounded restart with backoff; classifier.ts and generator.ts post tasks through it. */
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { GenerateStart, GenerateTask } from "./generator-protocol.ts";
import { createLeash, endThread } from "./leash.ts";
import type {
  Leashed,
  LoadedModel,
  ModelStart,
  WorkerReport,
  WorkerTask,
} from "./worker-protocol.ts";

/** Where the model stands. */
export interface ModelState {
  /** `failed` may be followed by `loading` while restarts are left. */
  readonly status: "loading" | "ready" | "failed" | "closed";
  /** What runs; null until first loaded. */
  readonly model: LoadedModel | null;
  /** The last fault's message, without content of calls; null when there was none. */
  readonly error: string | null;
  readonly restarts: number;
  /** True when no further start will be tried. */
  readonly isFinal: boolean;
}

/** How often and how soon a fallen thread is started again. */
export interface RestartRule {
  /** Starts in a row that may fail or crash before giving up. */
  readonly limit: number;
  /** Wait before the first restart; doubles each time, up to `longestMs`. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** A thread that lived this long starts the count anew. */
  readonly stableMs: number;
  /** A load that takes longer has failed. */
  readonly loadMs: number;
  /** Whether what was made with the first model fits no other, so that a thread that finds another gives up. */
  readonly isBound: boolean;
}

/** What the thread tells its owner. */
export interface ThreadEvents {
  result(report: Extract<WorkerReport, { id: number }>): void;
  /** Every posted task without a result is lost. */
  lost(): void;
  changed(state: ModelState): void;
}

interface Live extends Leashed {
  readonly worker: Worker;
  readonly exited: Promise<void>;
  readyAtMs: number | null;
  error: string | null;
}

/** Closing waits this long for a run that is at work. */
const closeMs = 10_000;

/** One worker at a time. Never throws. */
export class ModelThread {
  readonly #url: URL;
  readonly #start: ModelStart | GenerateStart;
  readonly #rule: RestartRule;
  readonly #events: ThreadEvents;
  #live: Live | null = null;
  /** Settles when the last thread that was ended is gone. */
  #gone: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #state: ModelState = { status: "loading", model: null, error: null, restarts: 0, isFinal: false };

  constructor(
    url: URL,
    start: ModelStart | GenerateStart,
    rule: RestartRule,
    events: ThreadEvents,
  ) {
    this.#url = url;
    this.#start = start;
    this.#rule = rule;
    this.#events = events;
  }

  get state(): ModelState {
    return this.#state;
  }

  /** Starts the worker and begins to load. */
  open(): void {
    // The ONNX runtime reports to its maker unless this is set where the process sees it, which is not in a worker.
    process.env["ORT_DISABLE_TELEMETRY"] = "1";
    const live = this.#started();
    if (live === null) return;
    this.#live = live;
    this.#timer = setTimeout(
      () => this.#end(live, "the model took too long to load"),
      this.#rule.loadMs,
    );
    live.worker.on("message", (report: WorkerReport) => this.#receive(live, report));
    live.worker.on("error", (error: unknown) => {
      live.error ??= error instanceof Error ? error.message : "the worker thread failed";
    });
    void live.exited.then(() => this.#fell(live));
  }

  /** Null when there is no thread to be had now, e.g. for want of memory or file descriptors. */
  #started(): Live | null {
    const leash = createLeash();
    const workerData = { ...this.#start, leash };
    try {
      const worker = new Worker(this.#url, { workerData, name: `sidestep-${this.#start.role}` });
      const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
      return { worker, leash, exited, readyAtMs: null, error: null };
    } catch (error) {
      this.#failed(0, error instanceof Error ? error.message : "no thread could be started");
      return null;
    }
  }

  post(task: WorkerTask | GenerateTask): void {
    this.#live?.worker.postMessage(task, []);
  }

  /** Ends a thread that no longer answers; it is started again like one that crashed. */
  recycle(reason: string): void {
    if (this.#live !== null) this.#end(this.#live, reason);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const live = this.#live;
    this.#live = null;
    this.#change({ status: "closed", isFinal: true });
    this.#events.lost();
    if (live !== null) this.#dismiss(live);
    await Promise.race([this.#gone, pause(closeMs, undefined, { ref: false })]);
  }

  #receive(live: Live, report: WorkerReport): void {
    if (live !== this.#live) return;
    if (report.kind === "failed") {
      this.#end(live, report.error);
      return;
    }
    if (report.kind === "ready") {
      if (this.#isOther(report.model)) {
        this.#giveUp(live, "the model's files have changed since it was loaded");
        return;
      }
      clearTimeout(this.#timer);
      live.readyAtMs = performance.now();
      this.#change({ status: "ready", model: report.model, error: null });
      return;
    }
    this.#events.result(report);
  }

  #isOther({ digest }: LoadedModel): boolean {
    const { model } = this.#state;
    return this.#rule.isBound && model !== null && model.digest !== digest;
  }

  #giveUp(live: Live, error: string): void {
    this.#failures = this.#rule.limit;
    this.#end(live, error);
  }

  /** Counts as fallen at once, however long the thread is still at its last run. */
  #end(live: Live, error: string): void {
    live.error = error;
    this.#dismiss(live);
    this.#fell(live);
  }

  #dismiss({ worker, leash, exited }: Live): void {
    endThread(worker, leash);
    this.#gone = exited;
  }

  #fell(live: Live): void {
    if (live !== this.#live) return;
    clearTimeout(this.#timer);
    this.#live = null;
    const livedMs = live.readyAtMs === null ? 0 : performance.now() - live.readyAtMs;
    this.#failed(livedMs, live.error ?? "the worker thread ended by itself");
  }

  #failed(livedMs: number, error: string): void {
    this.#failures = livedMs >= this.#rule.stableMs ? 1 : this.#failures + 1;
    const isFinal = this.#failures > this.#rule.limit;
    this.#change({ status: "failed", error, isFinal });
    this.#events.lost();
    if (!isFinal) this.#reopenLater();
  }

  #reopenLater(): void {
    const { firstMs, longestMs } = this.#rule;
    const waitMs = Math.min(longestMs, firstMs * 2 ** (this.#failures - 1));
    this.#timer = setTimeout(() => void this.#gone.then(() => this.#reopen()), waitMs);
  }

  #reopen(): void {
    if (this.#state.status === "closed") return;
    this.#change({ status: "loading", restarts: this.#state.restarts + 1 });
    this.open();
  }

  #change(part: Partial<ModelState>): void {
    this.#state = { ...this.#state, ...part };
    this.#events.changed(this.#state);
  }
}
