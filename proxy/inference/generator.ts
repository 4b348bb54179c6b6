/** One text-generation model: a bounded queue before a worker thread of its own; held by generators.ts. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Generated, GenerationRequest } from "../core/ports.ts";
import type { GeneratedText } from "./generator-protocol.ts";
import { bundledFolder, hubRoots } from "./location.ts";
import { ModelThread, type ModelState, type RestartRule } from "./model-thread.ts";
import { workerUrl, type WorkerReport } from "./worker-protocol.ts";

type Fault = Extract<Generated, { kind: "fault" }>;

/** How a generator is built; all but `model` and `base` have defaults. */
export interface GeneratorOptions {
  readonly model: string;
  /** What a relative directory is relative to. */
  readonly base: string;
  readonly threads?: number;
  /** Most calls that may wait, the running one included. */
  readonly queueLimit?: number;
  /** How long a thread may go on with a text that nobody waits for. */
  readonly stallMs?: number;
  readonly restart?: Partial<RestartRule>;
}

// Weights of such a model are large, and a folder that is not there yet may come at any time.
const restartRule: RestartRule = {
  limit: Infinity,
  firstMs: 5000,
  longestMs: 60_000,
  stableMs: 60_000,
  loadMs: 120_000,
  isBound: false,
};

interface Job {
  readonly id: number;
  readonly request: GenerationRequest;
  readonly settle: (generated: Generated) => void;
}

/** Never throws: whatever goes wrong is a fault with its reason. */
export class QueuedGenerator {
  readonly #thread: ModelThread;
  readonly #queueLimit: number;
  readonly #stallMs: number;
  /** The id of the text that is given up; read by the thread at each token. */
  readonly #cancelled = new SharedArrayBuffer(4);
  readonly #listeners = new Set<(state: ModelState) => void>();
  readonly #waiting: Job[] = [];
  #running: Job | null = null;
  #stall: NodeJS.Timeout | undefined;
  #nextId = 0;
  #isRetired = false;

  constructor(options: GeneratorOptions) {
    this.#queueLimit = options.queueLimit ?? 8;
    this.#stallMs = options.stallMs ?? 30_000;
    const bundled = bundledFolder(dirname(fileURLToPath(import.meta.url)));
    this.#thread = new ModelThread(
      workerUrl(import.meta.url),
      {
        role: "generate",
        model: options.model,
        base: options.base,
        bundled,
        hubRoots: hubRoots(bundled, process.env["SIDESTEP_MODELS"]),
        threads: options.threads ?? 2,
        cancelled: this.#cancelled,
      },
      { ...restartRule, ...options.restart },
      {
        result: (report) => this.#finish(report),
        lost: () => this.#lose(),
        changed: (state) => this.#tell(state),
      },
    );
    this.#thread.open();
  }

  get state(): ModelState {
    return this.#thread.state;
  }

  /** Called at each change of state; the returned function ends that. */
  onChange(listener: (state: ModelState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async generate(request: GenerationRequest): Promise<Generated> {
    if (this.state.status !== "ready") return fault("generator_unavailable");
    if (request.signal.aborted) return fault("caller_gone");
    const ahead = this.#waiting.length + (this.#running === null ? 0 : 1);
    if (ahead >= this.#queueLimit) return fault("queue_full");
    this.#nextId += 1;
    const id = this.#nextId;
    return new Promise((resolve) => {
      const gone = (): void => this.#giveUp(id, "caller_gone");
      const timer = setTimeout(
        () => this.#giveUp(id, "generation_timeout"),
        request.spec.timeoutMs,
      );
      const settle = (generated: Generated): void => {
        clearTimeout(timer);
        request.signal.removeEventListener("abort", gone);
        resolve(generated);
      };
      request.signal.addEventListener("abort", gone);
      this.#waiting.push({ id, request, settle });
      this.#pump();
    });
  }

  /** Closes once what runs or waits is done. */
  retire(): void {
    this.#isRetired = true;
    if (this.#running === null && this.#waiting.length === 0) void this.close();
  }

  async close(): Promise<void> {
    clearTimeout(this.#stall);
    await this.#thread.close();
  }

  #pump(): void {
    if (this.#running !== null || this.state.status !== "ready") return;
    const job = this.#waiting.shift();
    if (job === undefined) return;
    this.#running = job;
    const { messages, plain, fromCaller, maxTokens, spec } = job.request;
    const task = { id: job.id, messages, plain, fromCaller, maxTokens, stop: spec.stop };
    this.#thread.post(task);
  }

  /** Nobody waits for this text any more: one that runs ends at its next token, or the thread does. */
  #giveUp(id: number, reason: Fault["reason"]): void {
    const at = this.#waiting.findIndex((job) => job.id === id);
    if (at >= 0) this.#waiting.splice(at, 1)[0]?.settle(fault(reason));
    if (this.#running?.id !== id) return;
    this.#running.settle(fault(reason));
    Atomics.store(new Int32Array(this.#cancelled), 0, id);
    const over = (): void => this.#thread.recycle("a text that nobody waits for did not end");
    this.#stall = setTimeout(over, this.#stallMs).unref();
  }

  #finish(report: Extract<WorkerReport, { id: number }>): void {
    clearTimeout(this.#stall);
    const job = this.#running;
    this.#running = null;
    if (job?.id === report.id) job.settle(outcomeOf(report));
    this.#pump();
    if (this.#isRetired) this.retire();
  }

  #lose(): void {
    clearTimeout(this.#stall);
    const lost = [...(this.#running === null ? [] : [this.#running]), ...this.#waiting.splice(0)];
    this.#running = null;
    for (const job of lost) job.settle(fault("generator_unavailable"));
    if (this.#isRetired && this.state.status !== "closed") void this.close();
  }

  #tell(state: ModelState): void {
    for (const listener of this.#listeners) listener(state);
    this.#pump();
  }
}

function outcomeOf(report: Extract<WorkerReport, { id: number }>): Generated {
  return report.kind === "generated" ? told(report.generated) : fault("generator_unavailable");
}

/** A text that was cut, or is none, is no answer. */
function told({ text, ending }: GeneratedText): Generated {
  const trimmed = text.trim();
  if (ending === "prompt_too_long" || ending === "injection_suspected") return fault(ending);
  if (ending !== "whole" || trimmed === "") return fault("generation_unfinished");
  return { kind: "text", text: trimmed };
}

function fault(reason: Fault["reason"]): Fault {
  return { kind: "fault", reason };
}
