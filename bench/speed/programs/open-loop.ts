/** The generator of an open loop; run by open-loop.ts with its job as argument, writes one line when it begins and one with what came of it. */
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { arrivals, Backlog } from "../arrivals.ts";
import { Histogram } from "../histogram.ts";
import type { OpenJob } from "../open-loop.ts";
import { ReplyReader } from "../reply-reader.ts";
import { requestBytes } from "../request-bytes.ts";

/** Most calls under way; those that are due beyond wait, and their wait counts. */
const mostConnections = 1024;
/** How long the last calls may take after the last one was sent. */
const graceMs = 5000;
/** Until the thread that keeps time is there. */
const headStartMs = 200;
const seed = 20_261_126;

class Generator {
  readonly #job: OpenJob;
  readonly #requests: readonly Buffer[];
  readonly #backlog: Backlog;
  readonly #latencies = new Histogram();
  readonly #lags = new Histogram();
  readonly #free: Line[] = [];
  readonly #waiting: number[] = [];
  readonly #startMs: number;
  #lines = 0;
  #sent = 0;
  #underWay = 0;
  #failed = 0;

  constructor(job: OpenJob, startMs: number) {
    this.#job = job;
    this.#startMs = startMs;
    this.#requests = readFileSync(job.bodiesFile, "utf8")
      .split("\n")
      .map((body) => requestBytes(job.target, body));
    this.#backlog = new Backlog(arrivals(job.perSecond, endMs(job), seed));
  }

  get isOver(): boolean {
    return this.#backlog.nextMs === null && this.#underWay + this.#waiting.length === 0;
  }

  get nowMs(): number {
    return performance.now() - this.#startMs;
  }

  /** Sends all that is due. */
  tick(): void {
    const nowMs = this.nowMs;
    for (let due = this.#backlog.take(nowMs); due !== null; due = this.#backlog.take(nowMs)) {
      if (this.#isCounted(due)) this.#lags.add(nowMs - due);
      this.#send(due);
    }
  }

  result(): object {
    const [latencies, lags] = [this.#latencies, this.#lags];
    // A call that never came back is a failed one.
    const lost = this.#underWay + this.#waiting.length;
    return {
      done: latencies.total,
      failed: this.#failed + lost,
      p50: latencies.quantile(0.5),
      p90: latencies.quantile(0.9),
      p99: latencies.quantile(0.99),
      highest: latencies.highest,
      lag50: lags.quantile(0.5),
      lag99: lags.quantile(0.99),
    };
  }

  #send(due: number): void {
    const line = this.#free.pop() ?? this.#newLine();
    if (line === null) {
      this.#waiting.push(due);
      return;
    }
    const request = this.#requests[this.#sent % this.#requests.length];
    this.#sent += 1;
    this.#underWay += 1;
    if (request !== undefined) line.send(request, due);
  }

  #newLine(): Line | null {
    if (this.#lines >= mostConnections) return null;
    this.#lines += 1;
    return new Line(new URL(this.#job.target.url), (line, due) => this.#ended(line, due));
  }

  #ended(line: Line, due: number): void {
    this.#underWay -= 1;
    const isWell = line.isOpen && line.status >= 200 && line.status < 300;
    if (this.#isCounted(due)) {
      if (isWell) this.#latencies.add(this.nowMs - due);
      else this.#failed += 1;
    }
    if (line.isOpen) this.#free.push(line);
    else this.#lines -= 1;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#send(next);
  }

  #isCounted(due: number): boolean {
    return due >= this.#job.warmSeconds * 1000;
  }
}

/** One connection, one call at a time. */
class Line {
  readonly #socket: Socket;
  readonly #reader = new ReplyReader();
  readonly #ended: (line: Line, due: number) => void;
  #due: number | null = null;
  isOpen = true;

  constructor(url: URL, ended: (line: Line, due: number) => void) {
    this.#ended = ended;
    this.#socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    this.#socket.on("data", (bytes) => {
      if (this.#reader.push(bytes).isDone) this.#over();
    });
    this.#socket.on("error", () => undefined);
    this.#socket.on("close", () => {
      this.isOpen = false;
      this.#over();
    });
  }

  get status(): number {
    return this.#reader.status;
  }

  send(request: Buffer, due: number): void {
    this.#due = due;
    this.#socket.write(request);
  }

  #over(): void {
    const due = this.#due;
    this.#due = null;
    if (due !== null) this.#ended(this, due);
  }
}

function endMs({ seconds, warmSeconds }: OpenJob): number {
  return (seconds + warmSeconds) * 1000;
}

const job: OpenJob = JSON.parse(process.argv[2] ?? "{}");
process.stdout.write('{"event":"ready"}\n');
const startMs = performance.now() + headStartMs;
const generator = new Generator(job, startMs);
const metronome = new Worker(new URL("metronome.ts", import.meta.url), {
  workerData: {
    perSecond: job.perSecond,
    endMs: endMs(job),
    seed,
    startMs: performance.timeOrigin + startMs,
  },
});
const watch = setInterval(() => {
  generator.tick();
  if (!generator.isOver && generator.nowMs < endMs(job) + graceMs) return;
  clearInterval(watch);
  process.stdout.write(`${JSON.stringify(generator.result())}\n`, () => process.exit(0));
}, 50);
metronome.on("message", () => generator.tick());
