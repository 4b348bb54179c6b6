/** The local model as the layers see it: a bounded queue, nearest deadline first, before one worker thread; built by assemble.ts. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Classifier, ClassifierFault } from "../core/ports.ts";
import { clipped } from "./clip.ts";
import type { CacheOptions } from "./embedding-cache.ts";
import type { Fit } from "./fit-store.ts";
import { bundledFolder, hubRoots } from "./location.ts";
import { Lanes, type Job, type Outcome } from "./lanes.ts";
import { ModelThread, type ModelState, type RestartRule } from "./model-thread.ts";
import { SentenceStore, type FittingTally, type OnProgress } from "./sentence-store.ts";
import { workerUrl, type WorkerReport } from "./worker-protocol.ts";

/** How the classifier is built; all but `model` have defaults. */
export interface ClassifierOptions {
  /** The policy's `model:`: bundled name, directory or hub id. */
  readonly model: string;
  /** Threads of one run; capped by the processors there are. */
  readonly threads?: number;
  /** Most calls that may wait. */
  readonly queueLimit?: number;
  /** A run that takes longer means that the worker hangs. */
  readonly stallMs?: number;
  /** What a relative directory is relative to. */
  readonly base?: string;
  readonly restart?: Partial<RestartRule>;
  readonly cache?: Partial<CacheOptions>;
  readonly tally?: FittingTally;
  /** Another worker entry that speaks the same protocol. */
  readonly worker?: URL;
}

/** A classifier with its lifetime and the slow lane for fitting. */
export interface LocalClassifier extends Classifier {
  readonly state: ModelState;
  /** Settles with the state after the first load, good or bad; never rejects. */
  readonly ready: Promise<ModelState>;
  /** Calls that wait now. */
  readonly waiting: number;
  /** Called at each change of state; the returned function ends that. */
  onChange(listener: (state: ModelState) => void): () => void;
  /** Sets `limits.queue` of a newly loaded policy. */
  setQueueLimit(limit: number): void;
  /**
   * Unit vectors of `texts` in order, behind live calls. Waits for a model that is loading;
   * rejects when there will be none.
   */
  embed(texts: readonly string[], onProgress?: OnProgress): Promise<readonly Float32Array[]>;
  /** A regression over embedded sentences, in a thread of its own unless it was kept. */
  readonly fit: Fit;
  /** Closes once no call has come for a moment: calls that began before a reload still find it. */
  retire(): void;
  close(): Promise<void>;
}

const restartRule: RestartRule = {
  limit: 5,
  firstMs: 250,
  longestMs: 30_000,
  stableMs: 60_000,
  loadMs: 30_000,
  // Intents and FAQs are fitted to the embeddings of one model.
  isBound: true,
};

// One task runs and one is at hand, so that the worker never idles while the event loop is busy.
const depth = 2;
const attemptsLimit = 2;
// A call that was admitted before a reload asks within this time, unless its body is very slow.
const retireQuietMs = 2000;

/** Starts loading at once; `close()` ends the thread. */
export function createClassifier(options: ClassifierOptions): LocalClassifier {
  return new QueuedClassifier(options);
}

class QueuedClassifier implements LocalClassifier {
  readonly ready: Promise<ModelState>;
  readonly #sentences: SentenceStore;
  readonly #thread: ModelThread;
  readonly #stallMs: number;
  readonly #listeners = new Set<(state: ModelState) => void>();
  readonly #lanes = new Lanes();
  readonly #running = new Map<number, Job>();
  #queueLimit: number;
  #nextId = 0;
  #stall: NodeJS.Timeout | undefined;
  #retiring: NodeJS.Timeout | undefined;

  constructor(options: ClassifierOptions) {
    this.#queueLimit = options.queueLimit ?? 256;
    this.#stallMs = options.stallMs ?? 10_000;
    const cache = { maxEntries: 20_000, folder: null, ...options.cache };
    this.#sentences = new SentenceStore(cache, options.tally, (text) => this.#embedSlowly(text));
    const bundled = bundledFolder(dirname(fileURLToPath(import.meta.url)));
    this.#thread = new ModelThread(
      options.worker ?? workerUrl(import.meta.url),
      {
        role: "model",
        model: options.model,
        base: options.base ?? process.cwd(),
        bundled,
        hubRoots: hubRoots(bundled, process.env["SIDESTEP_MODELS"]),
        threads: options.threads ?? 2,
      },
      { ...restartRule, ...options.restart },
      {
        result: (report) => this.#finish(report),
        lost: () => this.#lose(),
        changed: (state) => this.#tell(state),
      },
    );
    this.ready = new Promise((resolve) => {
      const stop = this.onChange((state) => {
        if (state.status === "loading") return;
        stop();
        resolve(state);
      });
    });
    this.#thread.open();
  }

  get state(): ModelState {
    return this.#thread.state;
  }

  get waiting(): number {
    return this.#lanes.waiting;
  }

  onChange(listener: (state: ModelState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  setQueueLimit(limit: number): void {
    this.#queueLimit = limit;
  }

  async classify(text: string, deadlineMs: number): Promise<Outcome> {
    if (this.state.status !== "ready") return fault("model_unavailable");
    this.#retiring?.refresh();
    const leftMs = deadlineMs - performance.now();
    if (!(leftMs > 0)) return fault("decision_timeout");
    if (this.#running.size >= depth && this.#lanes.waiting >= this.#queueLimit) {
      return fault("queue_full");
    }
    return await new Promise((settle) => {
      const job = this.#job(text, deadlineMs, settle);
      job.timer = setTimeout(() => this.#expire(job), Math.min(leftMs, 2 ** 31 - 1));
      this.#lanes.add(job);
      this.#pump();
    });
  }

  get fit(): Fit {
    return this.#sentences.fit;
  }

  async embed(texts: readonly string[], onProgress?: OnProgress): Promise<readonly Float32Array[]> {
    const state = await this.#settled();
    if (state.status !== "ready" || state.model === null) {
      throw new Error(`there is no model to embed with: ${state.error ?? state.status}`);
    }
    return await this.#sentences.embed(state.model.digest, texts, onProgress);
  }

  retire(): void {
    const end = (): void => {
      if (this.#running.size + this.#lanes.waiting === 0) void this.close();
      else this.#retiring?.refresh();
    };
    this.#retiring ??= setTimeout(end, retireQuietMs).unref();
  }

  async close(): Promise<void> {
    clearTimeout(this.#retiring);
    await this.#thread.close();
  }

  #job(text: string, deadlineMs: number, settle: (outcome: Outcome) => void): Job {
    this.#nextId += 1;
    const isLive = deadlineMs !== Infinity;
    const id = this.#nextId;
    return { id, text: clipped(text), deadlineMs, isLive, settle, timer: undefined, attempts: 0 };
  }

  /** The state once it is ready or final. */
  async #settled(): Promise<ModelState> {
    if (isSettled(this.state)) return this.state;
    return await new Promise((resolve) => {
      const stop = this.onChange((state) => {
        if (!isSettled(state)) return;
        stop();
        resolve(state);
      });
    });
  }

  async #embedSlowly(text: string): Promise<Float32Array> {
    const outcome = await new Promise<Outcome>((settle) => {
      if (this.state.isFinal) settle(fault("model_unavailable"));
      this.#lanes.add(this.#job(text, Infinity, settle));
      this.#pump();
    });
    if ("kind" in outcome)
      throw new Error("the model failed while embedding the policy's sentences");
    return outcome.embedding;
  }

  #pump(): void {
    while (this.state.status === "ready" && this.#running.size < depth) {
      const job = this.#lanes.next(this.#running.size === 0);
      if (job === undefined) return;
      this.#running.set(job.id, job);
      this.#thread.post({ id: job.id, text: job.text });
      if (this.#running.size === 1) this.#watch();
    }
  }

  #watch(): void {
    clearTimeout(this.#stall);
    if (this.#running.size === 0) return;
    this.#stall = setTimeout(
      () => this.#thread.recycle("a run of the model did not end"),
      this.#stallMs,
    );
    this.#stall.unref();
  }

  #expire(job: Job): void {
    this.#lanes.remove(job);
    job.settle(fault("decision_timeout"));
  }

  #finish(report: Extract<WorkerReport, { id: number }>): void {
    const job = this.#running.get(report.id);
    this.#running.delete(report.id);
    this.#watch();
    this.#pump();
    if (job === undefined) return;
    clearTimeout(job.timer);
    job.settle(report.kind === "result" ? report.classification : fault("model_unavailable"));
  }

  /** The thread is gone: live calls are forwarded now, slow ones wait for the next thread. */
  #lose(): void {
    clearTimeout(this.#stall);
    const lost = [...this.#running.values(), ...this.#lanes.takeLive()];
    this.#running.clear();
    for (const job of lost) this.#giveUpOrRetry(job);
    if (!this.state.isFinal) return;
    for (const job of this.#lanes.takeSlow()) job.settle(fault("model_unavailable"));
  }

  #giveUpOrRetry(job: Job): void {
    clearTimeout(job.timer);
    job.attempts += 1;
    if (job.isLive || job.attempts >= attemptsLimit) {
      job.settle(fault("model_unavailable"));
      return;
    }
    this.#lanes.putBack(job);
  }

  #tell(state: ModelState): void {
    for (const listener of this.#listeners) listener(state);
    this.#pump();
  }
}

function isSettled(state: ModelState): boolean {
  return state.status === "ready" || state.isFinal;
}

function fault(reason: ClassifierFault["reason"]): ClassifierFault {
  return { kind: "fault", reason };
}
