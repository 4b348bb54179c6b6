/** The life of a worker thread that holds a model: load, crash, bounded restart with backoff; classifier.ts and generator.ts post tasks through it. */
import { Worker } from "node:worker_threads";
import type { GenerateStart, GenerateTask } from "./generator-protocol.ts";
import type { LoadedModel, ModelStart, WorkerReport, WorkerTask } from "./worker-protocol.ts";

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
}

/** What the thread tells its owner. */
export interface ThreadEvents {
  result(report: Extract<WorkerReport, { id: number }>): void;
  /** Every posted task without a result is lost. */
  lost(): void;
  changed(state: ModelState): void;
}

type Live = { readonly worker: Worker; readyAtMs: number | null; error: string | null };

/** One worker at a time. Never throws. */
export class ModelThread {
  readonly #url: URL;
  readonly #start: ModelStart | GenerateStart;
  readonly #rule: RestartRule;
  readonly #events: ThreadEvents;
  #live: Live | null = null;
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
    const worker = new Worker(this.#url, {
      workerData: this.#start,
      name: `sidestep-${this.#start.role}`,
    });
    const live: Live = { worker, readyAtMs: null, error: null };
    this.#live = live;
    this.#timer = setTimeout(
      () => this.#end(live, "the model took too long to load"),
      this.#rule.loadMs,
    );
    worker.on("message", (report: WorkerReport) => this.#receive(live, report));
    worker.on("error", (error: unknown) => {
      live.error ??= error instanceof Error ? error.message : "the worker thread failed";
    });
    worker.on("exit", () => this.#fell(live));
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
    await live?.worker.terminate();
  }

  #receive(live: Live, report: WorkerReport): void {
    if (live !== this.#live) return;
    if (report.kind === "failed") {
      this.#end(live, report.error);
      return;
    }
    if (report.kind === "ready") {
      clearTimeout(this.#timer);
      live.readyAtMs = performance.now();
      this.#change({ status: "ready", model: report.model, error: null });
      return;
    }
    this.#events.result(report);
  }

  #end(live: Live, error: string): void {
    live.error = error;
    void live.worker.terminate();
  }

  #fell(live: Live): void {
    if (live !== this.#live) return;
    clearTimeout(this.#timer);
    this.#live = null;
    const livedMs = live.readyAtMs === null ? 0 : performance.now() - live.readyAtMs;
    this.#failures = livedMs >= this.#rule.stableMs ? 1 : this.#failures + 1;
    const isFinal = this.#failures > this.#rule.limit;
    const error = live.error ?? "the worker thread ended by itself";
    this.#change({ status: "failed", error, isFinal });
    this.#events.lost();
    if (!isFinal) this.#reopenLater();
  }

  #reopenLater(): void {
    const { firstMs, longestMs } = this.#rule;
    const waitMs = Math.min(longestMs, firstMs * 2 ** (this.#failures - 1));
    this.#timer = setTimeout(() => {
      this.#change({ status: "loading", restarts: this.#state.restarts + 1 });
      this.open();
    }, waitMs);
  }

  #change(part: Partial<ModelState>): void {
    this.#state = { ...this.#state, ...part };
    this.#events.changed(this.#state);
  }
}
