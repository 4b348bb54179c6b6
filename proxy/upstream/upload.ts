/** Sends a call's body on an open request, at the pace of the slower side; the relay drives it. */
import type { ClientRequest } from "node:http";
import type { Readable } from "node:stream";
import { pairsOf, type HeaderLines, type RequestBody } from "../core/http.ts";
import { requestTrailers } from "./edits.ts";

/** Whom an upload tells. */
export interface UploadEvents {
  /** Body bytes moved on. */
  readonly progressed: () => void;
  /** The caller's body broke off or was not as long as declared. */
  readonly broken: () => void;
}

/** One body on its way. The caller's stream is never destroyed, only left alone. */
export class Upload {
  readonly #request: ClientRequest;
  #body: RequestBody;
  readonly #declared: number | null;
  readonly #events: UploadEvents;
  #sent = 0;
  #isFlowing = false;

  constructor(
    request: ClientRequest,
    body: RequestBody,
    declared: string | undefined,
    events: UploadEvents,
  ) {
    this.#request = request;
    this.#body = body;
    this.#declared = declared === undefined ? null : Number(declared);
    this.#events = events;
    // It may break while nobody sends it, before or after; then it is the signal that tells.
    if (body.kind === "flowing") body.stream.on("error", ignored);
  }

  /** True while the next byte has to come from the caller. */
  get isWaitingForCaller(): boolean {
    return !this.#request.writableEnded && !this.#request.writableNeedDrain;
  }

  start(): void {
    const body = this.#body;
    this.#request.on("finish", this.#events.progressed);
    if (body.kind === "none") this.#request.end();
    if (body.kind === "whole") {
      this.#addTrailers(body.trailers ?? []);
      this.#request.end(body.bytes);
      // The request lets go of its bytes when they are sent; so does this.
      this.#body = { kind: "none" };
    }
    if (body.kind === "flowing") this.#flow(body.stream);
  }

  /** Takes no further byte from the caller. */
  stop(): void {
    if (this.#body.kind !== "flowing" || !this.#isFlowing) return;
    this.#isFlowing = false;
    const { stream } = this.#body;
    stream.off("data", this.#take).off("end", this.#ended);
    stream.off("error", this.#broke).off("close", this.#broke);
    this.#request.off("drain", this.#drained);
    stream.pause();
  }

  #flow(stream: Readable): void {
    if (stream.readableEnded) {
      this.#ended();
      return;
    }
    if (stream.destroyed) {
      this.#broke();
      return;
    }
    this.#request.on("drain", this.#drained);
    stream.on("error", this.#broke).on("close", this.#broke);
    stream.on("end", this.#ended).on("data", this.#take);
    this.#isFlowing = true;
    // A stream that somebody paused does not start again by being listened to.
    stream.resume();
  }

  readonly #take = (chunk: Buffer): void => {
    this.#sent += chunk.length;
    // A byte beyond the declared length would be read as the next request.
    if (this.#declared !== null && this.#sent > this.#declared) {
      this.#broke();
      return;
    }
    if (!this.#request.write(chunk)) this.#pause();
    this.#events.progressed();
  };

  readonly #drained = (): void => {
    if (this.#body.kind === "flowing") this.#body.stream.resume();
    this.#events.progressed();
  };

  readonly #ended = (): void => {
    if (this.#declared !== null && this.#sent !== this.#declared) {
      this.#broke();
      return;
    }
    this.stop();
    if (this.#body.kind === "flowing") this.#addTrailers(this.#body.trailers?.() ?? []);
    this.#request.end();
  };

  #addTrailers(lines: HeaderLines): void {
    const kept = requestTrailers(lines);
    if (this.#declared !== null || kept.length === 0) return;
    this.#request.addTrailers(pairsOf(kept));
  }

  readonly #broke = (): void => {
    this.stop();
    this.#events.broken();
  };

  #pause(): void {
    if (this.#body.kind === "flowing") this.#body.stream.pause();
  }
}

function ignored(): void {
  // See the constructor.
}
