/** What a step hands back: an answer of ours, a stored reply, an error of ours, or a provider's reply to relay. */
import type { Readable } from "node:stream";
import type { SidestepError } from "./errors.ts";
import type { Ending, Usage, Verdict } from "./decision.ts";
import { isEventStream, type HeaderLines } from "./http.ts";

/** Text made in the pod; the codec gives it the caller's protocol and form. */
export interface Answer {
  readonly text: string;
  readonly usage: Usage;
}

/** A provider's reply as kept by the store: its own bytes, or the same reply in the other form. */
export interface StoredReply {
  readonly status: number;
  /** End-to-end headers that describe the content (content-type and the like), as written. */
  readonly headers: HeaderLines;
  readonly body: Buffer;
}

/** The span that a stored reply was fetched under, in the form of a `traceparent`'s ids. */
export interface SpanOrigin {
  readonly traceId: string;
  readonly spanId: string;
}

interface ReplyBase {
  readonly verdict: Verdict;
  /** Called exactly once, when the last byte has left, the caller has gone, or the provider broke off. */
  readonly ended: (ending: Ending) => void;
}

/** A reply on its way out. */
export type Reply =
  | (ReplyBase & { readonly kind: "answer"; readonly answer: Answer })
  | (ReplyBase & {
      readonly kind: "stored";
      readonly stored: StoredReply;
      /** Tokens of the stored reply, which this call did not spend. */
      readonly usage?: Usage | null;
    })
  | (ReplyBase & {
      readonly kind: "error";
      readonly error: SidestepError;
      readonly retryAfterSeconds: number | null;
    })
  | (ReplyBase & {
      readonly kind: "relay";
      readonly upstream: UpstreamReply;
      /** Sees every body chunk as it passes; must not keep or change it beyond its bound. */
      readonly tap: ((chunk: Buffer) => void) | null;
      /** True where somebody needs at the end what the caller said. */
      readonly needsCall?: boolean;
    });

/** Whether a reply may go on for long after it has begun, while nobody needs what its caller said. */
export function outlivesCall(reply: Reply): boolean {
  return (
    reply.kind === "relay" && reply.needsCall !== true && isEventStream(reply.upstream.headers)
  );
}

/** A provider's reply from its first byte on. */
export interface UpstreamReply {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderLines;
  /** Body chunks as they were read; errors when the provider breaks off. Destroying it ends the upstream call. */
  readonly body: Readable;
  /** Trailers, known once `body` has ended. */
  readonly trailers: () => HeaderLines;
}
