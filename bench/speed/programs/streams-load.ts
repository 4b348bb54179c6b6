/** The generator of streams; run by streams-load.ts with its load as argument, writes one line when all are open and one with what came of them. */
import { connect, type Socket } from "node:net";
import { machineMs } from "../clock.ts";
import { Histogram } from "../histogram.ts";
import { ReplyReader } from "../reply-reader.ts";
import { requestBytes } from "../request-bytes.ts";
import type { StreamLoad } from "../streams-load.ts";

/** Connections that are opened at one time. */
const mostOpening = 100;
/** A stream that says nothing for this long once counting is over has failed. */
const graceMs = 5000;
const sentPattern = /"content": ?"(\d+\.\d+)"/gu;

class Load {
  readonly #load: StreamLoad;
  readonly #request: Buffer;
  readonly #firsts = new Histogram();
  readonly #delays = new Histogram();
  readonly #opened: PromiseWithResolvers<void> = Promise.withResolvers();
  #countFromMs = Number.POSITIVE_INFINITY;
  #endMs = Number.POSITIVE_INFINITY;
  #started = 0;
  #open = 0;
  readonly #streams: Stream[] = [];
  #done = 0;
  #failed = 0;

  constructor(load: StreamLoad) {
    this.#load = load;
    this.#request = requestBytes(load.target, load.body);
  }

  get counts(): { readonly open: number; readonly failed: number } {
    return { open: this.#open, failed: this.#failed };
  }

  /** Resolves when every stream has had its first chunk or has failed. */
  open(): Promise<void> {
    for (let at = 0; at < mostOpening; at += 1) this.#startOne();
    return this.#opened.promise;
  }

  /** Counts from now on, after the warm-up, for that long. */
  async count(seconds: number, warmSeconds: number): Promise<object> {
    this.#countFromMs = machineMs() + warmSeconds * 1000;
    this.#endMs = this.#countFromMs + seconds * 1000;
    const over = this.#endMs + graceMs;
    while (this.#silent() > 0 && machineMs() < over) await tick();
    return {
      done: this.#done,
      failed: this.#failed + this.#silent(),
      chunks: this.#delays.total,
      first50: this.#firsts.quantile(0.5),
      first99: this.#firsts.quantile(0.99),
      delay50: this.#delays.quantile(0.5),
      delay99: this.#delays.quantile(0.99),
      highest: this.#delays.highest,
    };
  }

  #startOne(): void {
    if (this.#started >= this.#load.streams) return;
    this.#started += 1;
    let isOpen = false;
    const settled = (failed: boolean): void => {
      if (isOpen) return;
      isOpen = true;
      this.#open += failed ? 0 : 1;
      if (this.counts.open + this.#failed >= this.#load.streams) this.#opened.resolve();
      this.#startOne();
    };
    const stream = new Stream(new URL(this.#load.target.url), this.#request, {
      first: (ms) => {
        if (this.#isCounting()) this.#firsts.add(ms);
        settled(false);
      },
      chunk: (ms) => {
        if (this.#isCounting()) this.#delays.add(ms);
      },
      ended: (isWhole) => {
        if (isWhole) this.#done += 1;
        else this.#failed += 1;
        settled(!isWhole);
        if (isWhole && machineMs() < this.#endMs) stream.call();
      },
    });
    this.#streams.push(stream);
    stream.call();
  }

  /** How many have not shown since the end that they still go on; nobody waits until they are whole. */
  #silent(): number {
    return this.#streams.filter((stream) => stream.isSilentSince(this.#endMs)).length;
  }

  #isCounting(): boolean {
    const now = machineMs();
    return now >= this.#countFromMs && now < this.#endMs;
  }
}

interface Hearer {
  /** Milliseconds from the call to its first byte. */
  readonly first: (ms: number) => void;
  /** Milliseconds from the provider's write to here. */
  readonly chunk: (ms: number) => void;
  readonly ended: (isWhole: boolean) => void;
}

/** One connection, one stream after the other. */
class Stream {
  readonly #socket: Socket;
  readonly #request: Buffer;
  readonly #hearer: Hearer;
  readonly #reader = new ReplyReader();
  #calledMs = 0;
  #heardMs = 0;
  #isFirst = false;
  #isUnderWay = false;

  constructor(url: URL, request: Buffer, hearer: Hearer) {
    this.#request = request;
    this.#hearer = hearer;
    this.#socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    this.#socket.on("data", (bytes) => this.#read(bytes));
    this.#socket.on("error", () => undefined);
    this.#socket.on("close", () => this.#over(false));
  }

  isSilentSince(ms: number): boolean {
    return this.#isUnderWay && this.#heardMs < ms;
  }

  call(): void {
    this.#calledMs = machineMs();
    this.#isFirst = true;
    this.#isUnderWay = true;
    this.#socket.write(this.#request);
  }

  #read(bytes: Buffer): void {
    const nowMs = machineMs();
    this.#heardMs = nowMs;
    const { isDone, body } = this.#reader.push(bytes);
    if (this.#isFirst && body.length > 0) {
      this.#isFirst = false;
      this.#hearer.first(nowMs - this.#calledMs);
    }
    for (const [, sent] of body.toString("latin1").matchAll(sentPattern)) {
      this.#hearer.chunk(nowMs - Number(sent));
    }
    if (isDone) this.#over(this.#reader.status === 200);
  }

  #over(isWhole: boolean): void {
    if (!this.#isUnderWay) return;
    this.#isUnderWay = false;
    this.#hearer.ended(isWhole);
  }
}

function tick(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 20);
  });
}

const given: StreamLoad = JSON.parse(process.argv[2] ?? "{}");
const load = new Load(given);
await load.open();
process.stdout.write(`${JSON.stringify({ event: "ready", ...load.counts })}\n`);
if (given.seconds !== null) {
  const result = await load.count(given.seconds, given.warmSeconds);
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
