/** Takes a caller's body off the connection: whole up to a limit, else flowing on with what was read first; receive uses it. */
import { Readable } from "node:stream";
import type { RequestBody } from "../core/http.ts";
import type { ReasonCode } from "../core/reasons.ts";
import type { ReadingShare } from "./reading-budget.ts";

/** A body that is there. */
export type TakenBody = Exclude<RequestBody, { readonly kind: "none" }>;

/** What came of reading: the body, or why there is none. */
export type Taken =
  | Extract<RequestBody, { readonly kind: "whole" }>
  /** More than may be held; what came so far is where it begins. */
  | (Extract<RequestBody, { readonly kind: "flowing" }> & {
      readonly why: Extract<ReasonCode, "body_too_large" | "reading_full">;
    })
  /** The caller went away. */
  | { readonly kind: "gone" }
  /** The caller sent nothing for too long. */
  | { readonly kind: "late" };

/** How much of a body may be held. */
export interface IntakeBounds {
  readonly limit: number;
  readonly share: Pick<ReadingShare, "take">;
  readonly stallMs: number;
}

/** Reads to the end, or until more has come than may be held. Never rejects. */
export function takeBody(source: Readable, bounds: IntakeBounds): Promise<Taken> {
  const { limit, share, stallMs } = bounds;
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const done = (taken: Taken): void => {
      clearTimeout(timer);
      source.off("data", read).off("end", ended).off("close", gone).off("error", gone);
      resolve(taken);
    };
    const read = (chunk: Buffer): void => {
      timer.refresh();
      chunks.push(chunk);
      length += chunk.length;
      const isTooLarge = length > limit;
      if (!isTooLarge && share.take(chunk.length)) return;
      source.pause();
      const why = isTooLarge ? "body_too_large" : "reading_full";
      done({ kind: "flowing", stream: new FlowingBody(source, chunks, stallMs), why });
    };
    const gone = (): void => done({ kind: "gone" });
    const ended = (): void => {
      if (isGivenUp(source)) gone();
      else done({ kind: "whole", bytes: joined(chunks, length) });
    };
    const timer = setTimeout(() => done({ kind: "late" }), stallMs).unref();
    source.on("data", read).on("end", ended).on("close", gone).on("error", gone);
    if (source.destroyed) gone();
  });
}

/** The body as it comes, nothing read yet. */
export function flowingBody(source: Readable, stallMs: number): Readable {
  return new FlowingBody(source, [], stallMs);
}

// An HTTP/2 stream that its caller gives up ends like one that came whole.
function isGivenUp(source: Readable): boolean {
  return "aborted" in source && source.aborted === true;
}

function joined(chunks: readonly Buffer[], length: number): Buffer {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks, length);
}

/**
 * Hands on what was read first and then the rest, never ahead of its reader. Destroying it leaves the
 * connection alone, so that a provider's early reply still reaches the caller.
 */
class FlowingBody extends Readable {
  readonly #source: Readable;
  readonly #stallMs: number;
  #first: readonly Buffer[];
  #isAttached = false;
  #isSourceEnded = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(source: Readable, first: readonly Buffer[], stallMs: number) {
    super();
    this.#source = source;
    this.#first = first;
    this.#stallMs = stallMs;
    // A reply may need no body, and then nobody hears that it broke off.
    this.on("error", () => undefined);
    // The end may follow at once: pausing in the middle of the last chunk does not hold it up.
    source.on("end", this.#ended).on("error", this.#gone).on("close", this.#gone);
    if (source.destroyed) this.#gone();
  }

  override _read(): void {
    const first = this.#first;
    this.#first = [];
    // Already in memory, so its size is no reason to wait.
    let isWanted = true;
    for (const chunk of first) isWanted = this.push(chunk);
    if (this.#isSourceEnded) this.push(null);
    else if (isWanted) this.#flow();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#detach();
    this.#first = [];
    callback(error);
  }

  #flow(): void {
    if (!this.#isAttached) {
      this.#isAttached = true;
      this.#source.on("data", this.#pass);
    }
    this.#timer ??= setTimeout(this.#gone, this.#stallMs).unref();
    this.#timer.refresh();
    this.#source.resume();
  }

  #rest(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #detach(): void {
    this.#rest();
    this.#source.off("data", this.#pass).off("end", this.#ended);
    this.#source.off("close", this.#gone).off("error", this.#gone);
  }

  readonly #pass = (chunk: Buffer): void => {
    if (this.push(chunk)) return;
    this.#source.pause();
    this.#rest();
  };

  readonly #ended = (): void => {
    if (isGivenUp(this.#source)) {
      this.#gone();
      return;
    }
    this.#detach();
    this.#isSourceEnded = true;
    if (this.#first.length === 0) this.push(null);
  };

  readonly #gone = (): void => {
    this.destroy(new Error("the caller's body broke off"));
  };
}
