/** The contract between protocols and the rest: what a codec reads, writes and reads along; codecs implement it, layers and server use it. */
import type { ReplyAccount } from "../core/decision.ts";
import type { SidestepError } from "../core/errors.ts";
import type { HeaderLines } from "../core/http.ts";
import type { Answer, StoredReply } from "../core/reply.ts";
import type { Protocol, Reading, RequestView } from "../core/request.ts";

/** What a local answer is called: the call's id and its time in epoch seconds. */
export interface ReplyIdentity {
  readonly id: string;
  readonly createdSeconds: number;
}

/** A local answer on the wire, status 200. Each chunk is one frame of a stream, or the whole JSON. */
export interface WrittenReply {
  readonly headers: HeaderLines;
  readonly chunks: readonly Buffer[];
}

/** One of our own errors in a protocol's form. */
export interface WrittenError {
  readonly status: number;
  readonly headers: HeaderLines;
  readonly body: Buffer;
}

/** What a provider's reply said about itself. */
export interface UsageReport extends ReplyAccount {
  /** Whether the reply ended as its protocol ends one; false for errors and for what was cut short. */
  readonly isComplete: boolean;
}

/** Reads along a provider's reply in bounded memory. Never throws. */
export interface UsageReader {
  push(chunk: Buffer): void;
  /** Null when the reply could not be read: another content type or coding, too large, broken. */
  end(): UsageReport | null;
}

/** A complete reply of status 200 as the store keeps it, its body without a content coding. */
export interface KeptReply extends StoredReply {
  /** Whether the body is server-sent events. */
  readonly isStream: boolean;
  /** Whether the caller for whom it was stored had asked for usage in the stream. */
  readonly includesUsage: boolean;
}

/** One protocol: bytes <-> view. Stateless; none of its methods throws. */
export interface Codec {
  readonly protocol: Protocol;
  /** Whether this codec reads the call. `path` has neither provider prefix nor query. */
  claims(method: string, path: string): boolean;
  /** The view of a decoded body, or `body_unreadable`. */
  read(body: Buffer, headers: HeaderLines): Reading;
  /** A local answer as JSON, or as server-sent events where the call streams. */
  write(answer: Answer, view: RequestView, identity: ReplyIdentity): WrittenReply;
  /** An error of ours; `retryAfterSeconds` becomes `retry-after`. */
  error(error: SidestepError, requestId: string, retryAfterSeconds: number | null): WrittenError;
  /**
   * A reader for a provider's reply, from its `content-type` and `content-encoding` values.
   * With `view` a usage that the reply leaves out is estimated from the texts.
   */
  createUsageReader(
    contentType: string,
    contentEncoding?: string,
    view?: RequestView | null,
  ): UsageReader;
  /**
   * A kept reply in the form that the call asks for; the same bytes where the form already fits,
   * null where it cannot surely be given.
   */
  transcode(kept: KeptReply, view: RequestView): StoredReply | null;
  /** What a complete reply says to the user; null for one that is broken, refuses, or calls tools. */
  said(reply: Pick<KeptReply, "body" | "isStream">): string | null;
}
