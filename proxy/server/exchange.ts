/** One call on a caller's connection, the same for HTTP/1.1 and HTTP/2; listeners make it, serve uses it. */
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import type { HeaderLines, RequestHead } from "../core/http.ts";

/** The head of a reply, hop-by-hop lines already gone. */
export interface ReplyHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderLines;
}

/** A call and the way back to its caller. */
export interface Exchange {
  /** Origin-form target, pseudo headers gone; header lines otherwise as they came. */
  readonly head: RequestHead;
  /** The body as it comes in; null when the call has none. */
  readonly body: Readable | null;
  /** Trailers of the body, known once it has ended. */
  trailers(): HeaderLines;
  /** Why the call must not be forwarded; null when its framing is sound. */
  readonly flaw: string | null;
  /** Monotonic milliseconds (performance.now) when the head had been read. */
  readonly startedMs: number;
  /** Where body bytes go once the reply has begun; its write callbacks tell when they have left. */
  readonly sink: Writable;
  /** Whether a reply of this status carries a body to this caller. */
  mayHaveBody(status: number): boolean;
  /** Begins the reply. With `isLast` the connection serves no further call. Throws when the head cannot be written. */
  begin(head: ReplyHead, isLast: boolean): void;
  /** Sends the head now, though no body byte has come yet. */
  flushHead(): void;
  /** Ends the reply after the bytes written so far. */
  finish(trailers: HeaderLines): void;
  /** Breaks the reply off after what was written, so that the caller sees it was not whole. */
  cut(): void;
  /** Ends the call at once, whatever is still unwritten. */
  drop(): void;
  /** Lets go of what is left of the body once the reply is over, for at most `lingerMs`. */
  discardBody(lingerMs: number): void;
  /** Whether the reply's connection or stream is over, for whatever reason. */
  isOver(): boolean;
  /** Calls `listener` once when it is over; only the listener given last is kept. */
  whenOver(listener: () => void): void;
}

/** A call that asks for another protocol on its connection. */
export interface UpgradeExchange extends Exchange {
  readonly socket: Socket;
  /** Gives up the connection, so that raw bytes may take the reply's place. */
  detach(): void;
}
