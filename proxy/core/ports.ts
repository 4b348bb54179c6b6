/** What layers may ask for; the folders of rank 1 implement it, assemble.ts joins the two. */
import type { Duplex } from "node:stream";
import type { Probability, Score } from "./brand.ts";
import type { DecisionRecord, Usage } from "./decision.ts";
import type { HeaderLines, RequestBody, RequestHead } from "./http.ts";
import type { AnswerSpec, GenerateAnswer, Policy, Provider, Route } from "./policy.ts";
import type { ReasonCode } from "./reasons.ts";
import type { Snapshot } from "./received.ts";
import type { Answer, SpanOrigin, StoredReply, UpstreamReply } from "./reply.ts";
import type { Controls, Reading, RequestView } from "./request.ts";
import type {
  CheapSignals,
  Classification,
  IntentScore,
  ModelSignals,
  Signals,
} from "./signals.ts";

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

/** What the pair guard has against a match, in words. */
export interface GuardAccount {
  /** What must agree and does not, e.g. "negation" or "number". */
  readonly kind: string;
  readonly because: string;
}

/** How a text stands to the classes it was compared with; made for `explain` only. */
export interface MatchAccount {
  readonly best: {
    readonly name: string;
    /** False for sentences that an intent says it does not mean. */
    readonly isMeant: boolean;
    readonly confidence: Probability;
    /** Estimated share wrong among matches at least this sure. */
    readonly wrong: Probability;
    /** Cosine to the most similar sentence, and that sentence. */
    readonly similarity: number;
    readonly sentence: string;
  };
  readonly second: { readonly name: string; readonly similarity: number } | null;
  /** Difference of similarity to the most similar other class. */
  readonly margin: number;
  /** Whether the text says word for word what a sentence says. */
  readonly isExact: boolean;
  /** Null also when the guard accepts any sentence of the class. */
  readonly guard: GuardAccount | null;
}

/** The policy's intents, fitted to the loaded model. Pure. */
export interface IntentScorer {
  score(text: string, embedding: Float32Array): IntentScore;
  /** Null when nothing can be compared. */
  account(text: string, embedding: Float32Array): MatchAccount | null;
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
      readonly reason: Extract<
        ReasonCode,
        "faq_no_match" | "faq_ambiguous" | "guard_mismatch" | "language_unknown"
      >;
      readonly confidence: Probability;
    };

/** A FAQ file's questions, embedded. Pure. */
export interface FaqIndex {
  /** Best entry with estimated share wrong at most `maxWrong` (null: the index's default). */
  match(text: string, embedding: Float32Array, maxWrong: number | null): FaqMatch;
  /** Null when nothing can be compared. */
  account(text: string, embedding: Float32Array): MatchAccount | null;
}

/** What the model's signals are read from besides the classification. */
export interface SignalContext {
  readonly cheap: CheapSignals;
  readonly policy: Policy;
  readonly intents: IntentScorer | null;
  /** The last user turn. */
  readonly text: string;
}

/** The folder of signals, as the layers see it. Pure. */
export interface SignalReaders {
  readCheap(view: RequestView, policy: Policy): CheapSignals;
  readModel(classification: Classification, context: SignalContext): ModelSignals;
  complexityOf(signals: Signals, policy: Policy): Score;
}

/** What a strategy may look at. */
export interface AnswerContext {
  readonly view: RequestView;
  readonly signals: Signals;
  readonly snapshot: Snapshot;
  /** Aborts when the caller goes away. */
  readonly signal?: AbortSignal;
  /** Whether the text will not be used, since the call is only observed: nothing costly is done for it. */
  readonly isRehearsal?: boolean;
}

/** One message of a conversation, as chat models read it. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** What a text-generation model is asked for. */
export interface GenerationRequest {
  readonly spec: GenerateAnswer;
  readonly messages: readonly ChatMessage[];
  /** What a model without a chat template reads. */
  readonly plain: string;
  /** What the caller wrote of all this: it must not hold the model's control tokens. */
  readonly fromCaller: readonly string[];
  /** The route's bound, or the caller's where that is lower. */
  readonly maxTokens: number;
  /** Ends the work when the caller goes away. */
  readonly signal: AbortSignal;
}

/** A whole text, or why there is none; a value, since it is an expected way to end. */
export type Generated =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "fault";
      readonly reason: Extract<
        ReasonCode,
        | "generator_unavailable"
        | "generation_timeout"
        | "generation_unfinished"
        | "prompt_too_long"
        | "injection_suspected"
        | "queue_full"
        | "caller_gone"
      >;
    };

/** The policy's text-generation models. Never throws. */
export interface Generator {
  generate(request: GenerationRequest): Promise<Generated>;
  /** Whether the model is loaded now. */
  isReady(model: string): boolean;
}

/** What a strategy says: an answer, or why it would rather not. */
export type Said =
  | {
      readonly kind: "answer";
      readonly answer: Answer;
      readonly reason: ReasonCode;
      /** The strategy's own calibrated confidence; null when the judgement's stands. */
      readonly confidence: Probability | null;
    }
  | { readonly kind: "decline"; readonly reason: ReasonCode };

/** What a strategy measured, made for `explain` only. */
export interface AnswerAccount {
  readonly confidence: Probability;
  /** Estimated share wrong. */
  readonly wrong: Probability;
  /** Null for labels of the model's own heads. */
  readonly match: MatchAccount | null;
}

/** Measures of the strategies that have any; null for the others, or when the model gave nothing. */
export type AccountAnswer = (spec: AnswerSpec, context: AnswerContext) => AnswerAccount | null;

/** The folder of answer strategies, as the layers see it. */
export interface Answerer {
  answerWith(spec: AnswerSpec, context: AnswerContext): Promise<Said>;
}

/** How an answer of ours compares with what was wanted. */
export type Outcome = "agree" | "disagree" | "unclear";

/** Who says so: equal labels, the application, or the model's guess about two free texts. */
export type Judge = "equality" | "feedback" | "estimate";

/** One comparison; a later one of the same call replaces it, except that an application's verdict stands. */
export interface Compared {
  /** The call's id. */
  readonly id: string;
  readonly route: Route;
  readonly outcome: Outcome;
  readonly by: Judge;
}

/** Counts how often each route's answers agree. Never throws. */
export interface AgreementBook {
  note(compared: Compared): void;
  /** Whether too many of the route's answers were wrong for it to go on. */
  isSuspended(route: Route): boolean;
}

/** Whether two texts say the same, as far as the local model can tell. Rejects without a model. */
export interface TextComparer {
  compare(ours: string, theirs: string): Promise<Outcome>;
}

/** One call to a provider. */
export interface UpstreamCall {
  readonly provider: Provider;
  readonly method: string;
  /** Path and query for the provider, already joined to its URL's path. */
  readonly path: string;
  /** End-to-end request headers after the listed edits. */
  readonly headers: HeaderLines;
  /** The same for a further attempt, where each has a span of its own. */
  readonly again?: (() => HeaderLines) | undefined;
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
    | "upstream_unreachable"
    | "upstream_timeout"
    | "upstream_reset"
    | "upstream_invalid"
    | "breaker_open"
    | "caller_gone"
  >;
  readonly detail: string;
  /** Milliseconds until the breaker tries again or a rate limit ends; null when unknown. */
  readonly retryAfterMs: number | null;
  /** Whether further attempts were made already, which a caller's own would only multiply. */
  readonly isRetried: boolean;
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
   * Sends a call. With `hasFallback` it is a fault at once while the breaker holds such calls back;
   * without one the call goes through anyway. A 5xx is a reply, not a fault.
   */
  send(call: UpstreamCall, hasFallback: boolean): Promise<UpstreamReply | UpstreamFault>;
  /** Whether calls with a fallback stay back now: the breaker named `name` is open, or one call tries whether it may close. */
  isDown(name: string): boolean;
  /** Whether the provider told this credential and model to wait (429 with Retry-After), and the wait is not over. */
  isLimited(account: UpstreamCall["account"]): boolean;
  breakers(): readonly BreakerState[];
}

/** A call that asks to switch protocols, e.g. to WebSocket; `headers` come from `upgradeHeaders`. */
export interface UpgradeCall {
  readonly provider: Provider;
  readonly method: string;
  readonly path: string;
  readonly headers: HeaderLines;
  readonly signal: AbortSignal;
}

/** A switched connection: from here on bytes pass both ways untouched. */
export interface Tunnel {
  readonly kind: "tunnel";
  /** The provider's 101 answer, header lines as written, and what already followed it: sent to the caller first. */
  readonly head: Buffer;
  /** The provider's side of the tunnel; the call's signal destroys it. */
  readonly socket: Duplex;
}

/** The way to the cloud for protocol upgrades. Never throws. */
export interface UpgradePort {
  /** Another answer than 101 comes as an ordinary reply. */
  tunnel(call: UpgradeCall): Promise<Tunnel | UpstreamReply | UpstreamFault>;
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
  /** Tokens that the provider counted for it; null when it did not say. */
  readonly usage: Usage | null;
  /** The span that it was fetched under, where that is recorded. */
  readonly origin?: SpanOrigin;
  readonly model: string;
}

/** The exact store, bounded by entries and bytes. */
export interface Store {
  get(key: string): Promise<StoreEntry | undefined>;
  set(key: string, entry: StoreEntry): Promise<void>;
}

/** What a record was made of, for those that keep more than it says. */
export interface RecordedCall {
  readonly head: RequestHead;
  readonly reading: Reading;
  readonly controls: Controls;
  readonly snapshot: { readonly policy: Policy };
}

/** Where settled records go: metrics, log, audit log, page. Never throws and never waits. */
export interface Recorder {
  record(record: DecisionRecord, call: RecordedCall): void;
  /** A fault that was contained at `where`; logged by class and message, never with content. */
  fault(where: string, fault: unknown): void;
}
