/** Relays a provider's reply chunk by chunk with backpressure, and settles how it ended; write uses it. */
import type { Readable } from "node:stream";
import type { Ending } from "../core/decision.ts";
import { SidestepError } from "../core/errors.ts";
import { headerValue, isEventStream, type HeaderLines } from "../core/http.ts";
import type { UpstreamReply } from "../core/reply.ts";
import type { Exchange } from "./exchange.ts";
import { LastEvent } from "./last-event.ts";
import { Outflow, type Outcome } from "./outflow.ts";
import type { ServerTimeouts } from "./timeouts.ts";

/** A reply to relay. */
export interface RelayTask {
  readonly exchange: Exchange;
  readonly upstream: UpstreamReply;
  /** Header lines for the caller, ours included. */
  readonly headers: HeaderLines;
  readonly tap: ((chunk: Buffer) => void) | null;
  readonly isLast: boolean;
  readonly timeouts: ServerTimeouts;
  /** Called exactly once. */
  readonly settled: (ending: Ending) => void;
  readonly faulty: (fault: unknown) => void;
}

/** Begins the relay; never throws and never waits. */
export function relay(task: RelayTask): void {
  new Relay(task).start();
}

/** The bytes of one reply between two sockets. */
class Relay {
  readonly #task: RelayTask;
  readonly #source: Readable;
  readonly #out: Outflow;
  readonly #lastEvent: LastEvent | null;
  /** Body bytes still to come; null when the provider did not say. */
  #missing: number | null;
  #tap: RelayTask["tap"];
  #hasBody: boolean;
  #isHeadOut = false;
  #isSourceDone = false;
  #isSettled = false;

  constructor(task: RelayTask) {
    const { exchange, upstream, timeouts } = task;
    this.#task = task;
    this.#source = upstream.body;
    this.#tap = task.tap;
    this.#hasBody = exchange.mayHaveBody(upstream.status);
    this.#missing = lengthOf(upstream.headers);
    this.#lastEvent = isEventStream(upstream.headers) ? new LastEvent() : null;
    this.#out = new Outflow(exchange, timeouts.stallMs, {
      drained: () => this.#source.resume(),
      over: (outcome) => this.#over(outcome),
    });
  }

  start(): void {
    const { exchange } = this.#task;
    this.#source.on("error", (fault) => this.#broken(fault));
    this.#source.on("close", () => this.#broken(this.#source.errored));
    if (!this.#begin()) return;
    if (!this.#hasBody) this.#finish([]);
    if (this.#source.destroyed && !this.#source.readableEnded) this.#broken(this.#source.errored);
    this.#source.on("data", (chunk: Buffer) => this.#pass(chunk));
    this.#source.on("end", () => this.#ended());
    this.#source.resume();
    // A body that is already here passes before this, and leaves in one write with its head.
    process.nextTick(() => {
      if (!this.#isHeadOut && !this.#isSettled) exchange.flushHead();
    });
  }

  #begin(): boolean {
    const { exchange, upstream, headers, isLast } = this.#task;
    try {
      const { status } = upstream;
      exchange.begin({ status, statusText: printable(upstream.statusText), headers }, isLast);
      return true;
    } catch (fault) {
      this.#task.faulty(fault);
      this.#settle({ kind: "cut", detail: "the head could not be written" });
      this.#source.destroy();
      exchange.drop();
      return false;
    }
  }

  #pass(chunk: Buffer): void {
    if (!this.#hasBody || this.#isSettled) return;
    this.#observe(chunk);
    if (this.#missing !== null) this.#missing -= chunk.length;
    this.#isHeadOut = true;
    if (!this.#out.write(chunk)) this.#source.pause();
  }

  // Whoever reads along must not harm what it reads.
  #observe(chunk: Buffer): void {
    try {
      this.#lastEvent?.push(chunk);
      this.#tap?.(chunk);
    } catch (fault) {
      this.#tap = null;
      this.#task.faulty(fault);
    }
  }

  #ended(): void {
    this.#isSourceDone = true;
    if (this.#hasBody && !this.#isSettled) this.#finish(this.#task.upstream.trailers());
  }

  #finish(trailers: HeaderLines): void {
    this.#isHeadOut = true;
    this.#out.finish(trailers);
  }

  #broken(fault: Error | null): void {
    if (this.#isSourceDone || this.#isSettled || !this.#hasBody) return;
    const detail = fault instanceof SidestepError ? fault.detail : "connection closed early";
    this.#settle({ kind: "cut", detail });
    // What the provider said goes out, as a direct caller would have heard it.
    if (!this.#isHeadOut) this.#task.exchange.flushHead();
    this.#out.cut();
  }

  #over(outcome: Outcome): void {
    if (this.#isSettled) return;
    if (outcome === "finished" || this.#isDelivered()) {
      this.#settle({ kind: "complete" });
      this.#linger();
      return;
    }
    this.#settle({ kind: "aborted" });
    this.#source.destroy();
  }

  /** Whether a caller who leaves now has all there was to have; the provider may only have to say so. */
  #isDelivered(): boolean {
    if (!this.#out.isFlushed) return false;
    return this.#isSourceDone || this.#missing === 0 || (this.#lastEvent?.isPast() ?? false);
  }

  // Reading the provider's last bytes keeps its connection for the next call.
  #linger(): void {
    if (this.#isSourceDone) return;
    const timer = setTimeout(() => this.#source.destroy(), this.#task.timeouts.lingerMs).unref();
    this.#source.once("close", () => clearTimeout(timer));
    this.#source.once("end", () => clearTimeout(timer));
    this.#source.resume();
  }

  #settle(ending: Ending): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#task.settled(ending);
  }
}

function lengthOf(headers: HeaderLines): number | null {
  const value = headerValue(headers, "content-length");
  return value === undefined ? null : Number(value);
}

/** A reason phrase that Node agrees to write. */
function printable(text: string): string {
  return text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, "");
}
