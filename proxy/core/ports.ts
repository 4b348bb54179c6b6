/** What layers may ask for; the folders of rank 1 implement it, assemble.ts joins the two. */
import type { Probability } from "./brand.ts";
import type { DecisionRecord } from "./decision.ts";
import type { HeaderLines, RequestBody } from "./http.ts";
import type { Provider } from "./policy.ts";
import type { ReasonCode } from "./reasons.ts";
import type { StoredReply, UpstreamReply } from "./reply.ts";
import type { Classification, IntentScore } from "./signals.ts";

/** What went wrong with a classification; a value, since it is an expected way to end. */
export interface ClassifierFault {
  readonly kind: "fault";
  readonly reason: Extract<ReasonCode, "model_unavailable" | "decision_timeout" | "queue_full">;
}

/** The local model. Never throws. */
export interface Classifier {
  /** One forward pass over the text's window; `deadlineMs` is monotonic (performance.now). */
  classify(text: string, deadlineMs: number): Promise<Classification | ClassifierFault>;
}

/** The policy's intents, fitted to the loaded model. Pure. */
export interface IntentScorer {
  score(text: string, embedding: Float32Array): IntentScore;
}

/** The best entry of a FAQ for a question, or why there is none. */
export type FaqMatch =
  | {
      readonly kind: "match";
      readonly id: string;
      readonly answer: string;
      readonly confidence: Probability;
      readonly wrong: Probability;
    }
  | {
      readonly kind: "none";
      readonly reason: Extract<ReasonCode, "faq_no_match" | "faq_ambiguous" | "guard_mismatch">;
      readonly confidence: Probability;
    };

/** A FAQ file's questions, embedded. Pure. */
export interface FaqIndex {
  /** Best entry with estimated share wrong at most `maxWrong` (null: the index's default). */
  match(text: string, embedding: Float32Array, maxWrong: number | null): FaqMatch;
}

/** One call to a provider. */
export interface UpstreamCall {
  readonly provider: Provider;
  readonly method: string;
  /** Path and query for the provider, already joined to its URL's path. */
  readonly path: string;
  /** End-to-end request headers after the listed edits. */
  readonly headers: HeaderLines;
  readonly body: RequestBody;
  readonly signal: AbortSignal;
  /** Which breaker and rate limit the call counts for: provider, or target, plus credential and model. */
  readonly account: {
    readonly breaker: string;
    readonly credential: string;
    readonly model: string;
  };
}

/** A failure before the first byte. */
export interface UpstreamFault {
  readonly kind: "fault";
  readonly reason: Extract<
    ReasonCode,
    "upstream_unreachable" | "upstream_timeout" | "upstream_reset" | "breaker_open" | "caller_gone"
  >;
  readonly detail: string;
  /** Milliseconds until the breaker tries again or a rate limit ends; null when unknown. */
  readonly retryAfterMs: number | null;
}

/** Breaker state of one upstream, for pages and metrics. */
export interface BreakerState {
  readonly name: string;
  readonly state: "closed" | "open" | "half_open";
  readonly failures: number;
  readonly requests: number;
}

/** The way to the cloud. Never throws. */
export interface Upstream {
  /**
   * Sends a call. With `hasFallback` an open breaker gives a fault at once; without one the call goes
   * through anyway. A 5xx is a reply, not a fault.
   */
  send(call: UpstreamCall, hasFallback: boolean): Promise<UpstreamReply | UpstreamFault>;
  /** Whether the breaker named `name` is open now. */
  isDown(name: string): boolean;
  breakers(): readonly BreakerState[];
}

/** One stored reply with what is needed to judge its freshness and to re-use it. */
export interface StoreEntry extends StoredReply {
  /** Epoch milliseconds. */
  readonly storedAtMs: number;
  readonly ttlMs: number;
  readonly isStream: boolean;
  readonly includesUsage: boolean;
  /** What the provider's reply cost at list prices, USD; null when unpriced. */
  readonly costUsd: number | null;
  readonly model: string;
}

/** The exact store, bounded by entries and bytes. */
export interface Store {
  get(key: string): Promise<StoreEntry | undefined>;
  set(key: string, entry: StoreEntry): Promise<void>;
}

/** Where settled records go: metrics, log, page. Never throws and never waits. */
export interface Recorder {
  record(record: DecisionRecord): void;
}
