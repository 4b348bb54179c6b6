/** Bytes on their way to a caller: counts what has not left yet, notices stalls, and says once how it ended. */
import type { HeaderLines } from "../core/http.ts";
import type { Exchange } from "./exchange.ts";

/** How a reply's way out ended: all bytes left, or the connection went first. */
export type Outcome = "finished" | "lost";

/** What the sender of a reply hears. */
export interface OutflowListener {
  /** The caller takes bytes again after `write` said false. */
  readonly drained: () => void;
  /** Called exactly once. */
  readonly over: (outcome: Outcome) => void;
}

/** The way out of one reply. */
export class Outflow {
  readonly #exchange: Exchange;
  readonly #listener: OutflowListener;
  readonly #stallMs: number;
  #stall: NodeJS.Timeout | null = null;
  #unflushed = 0;
  #isFinishing = false;
  #isOver = false;

  constructor(exchange: Exchange, stallMs: number, listener: OutflowListener) {
    this.#exchange = exchange;
    this.#stallMs = stallMs;
    this.#listener = listener;
    exchange.sink.on("drain", () => {
      this.#calm();
      listener.drained();
    });
    exchange.sink.once("finish", () => {
      // A cancelled HTTP/2 stream says "finish" too.
      if (this.#isFinishing) this.#end("finished");
    });
    exchange.whenOver(() => this.#end("lost"));
  }

  /** Whether every byte written so far has left this process. */
  get isFlushed(): boolean {
    return this.#unflushed === 0;
  }

  /** Writes bytes; false asks to wait until `drained`. */
  write(bytes: Buffer): boolean {
    this.#unflushed += 1;
    const isRoomy = this.#exchange.sink.write(bytes, (failure) => this.#flushed(failure));
    if (!isRoomy) this.#watch();
    return isRoomy;
  }

  /** Ends the reply; `over` follows when the last byte has left. */
  finish(trailers: HeaderLines): void {
    this.#isFinishing = true;
    this.#watch();
    this.#exchange.finish(trailers);
  }

  /** Breaks the reply off after what was written. */
  cut(): void {
    this.#watch();
    this.#exchange.cut();
  }

  #flushed(failure: Error | null | undefined): void {
    if (failure !== null && failure !== undefined) return;
    this.#unflushed -= 1;
    this.#stall?.refresh();
  }

  // A caller who takes nothing for this long holds a provider's connection for nothing.
  #watch(): void {
    this.#stall ??= setTimeout(() => this.#exchange.drop(), this.#stallMs).unref();
  }

  #calm(): void {
    if (this.#stall !== null) clearTimeout(this.#stall);
    this.#stall = null;
  }

  #end(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#calm();
    this.#listener.over(outcome);
  }
}
