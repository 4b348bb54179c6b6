/** What is going on on one HTTP/1 connection, so that a broken request never spoils the reply to a sound one. */
import type { Socket } from "node:net";
import type { SidestepError } from "../core/errors.ts";
import { rawErrorReply } from "./malformed.ts";

/** A call that is under way on a connection. */
export interface Pending {
  /** Whether its body has been read to the end. */
  isReceived(): boolean;
  /** Whether bytes of its reply may have left. */
  isBegun(): boolean;
  /** Tells it that the connection is gone. */
  lost(): void;
}

/** A connection and its calls in the order in which they came. */
export class Http1Connection {
  readonly socket: Socket;
  /** Hardly ever more than one. */
  #pending: readonly Pending[] = [];
  #refusal: SidestepError | null = null;
  #next: (() => void) | null = null;

  constructor(socket: Socket) {
    this.socket = socket;
    // Broken connections show as their closing; an unheard "error" would end the process.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      for (const call of this.#pending) call.lost();
      this.#pending = [];
    });
  }

  add(call: Pending): void {
    this.#pending = [...this.#pending, call];
  }

  /** The reply to `call` is over; a broken request behind it gets its own now. */
  remove(call: Pending): void {
    this.#pending = this.#pending.filter((one) => one !== call);
    if (this.#pending.length > 0) return;
    if (this.#refusal !== null) this.#say(this.#refusal);
    this.#next?.();
    this.#next = null;
  }

  /** Does `work` once the calls before it are over, unless the connection is. */
  whenFree(work: () => void): void {
    if (this.#pending.length === 0) work();
    else this.#next = () => !this.socket.destroyed && work();
  }

  /**
   * Answers what cannot be read and closes. Calls before it are served first; when it is the body of
   * the call under way that is broken, that call is what is answered.
   */
  refuse(error: SidestepError): void {
    if (this.#refusal !== null || this.socket.destroyed) return;
    this.#refusal = error;
    const calls = this.#pending;
    if (calls.every((call) => call.isReceived())) {
      if (calls.length === 0) this.#say(error);
      return;
    }
    if (calls.length === 1 && !calls.some((call) => call.isBegun())) {
      this.#say(error);
      return;
    }
    this.socket.destroy();
  }

  #say(error: SidestepError): void {
    if (!this.socket.writable) {
      this.socket.destroy();
      return;
    }
    // Reading on lets the reply arrive: closing with unread bytes would reset the connection.
    this.socket.resume();
    this.socket.end(rawErrorReply(error));
    this.socket.setTimeout(closingMs, () => this.socket.destroy());
  }
}

/** Milliseconds for the caller to take the reply and close. */
const closingMs = 5_000;
