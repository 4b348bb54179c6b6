/** What layers may ask of tracing; telemetry implements it, assemble.ts joins the two. */
import type { DecisionRecord, Judgement } from "./decision.ts";
import type { HeaderLines, RequestHead } from "./http.ts";
import type { Provider } from "./policy.ts";
import type { Compared } from "./ports.ts";
import type { SpanOrigin } from "./reply.ts";
import type { Protocol, Reading } from "./request.ts";
import type { Signals } from "./signals.ts";

/** A call as its span begins. */
export interface TracedCall {
  readonly head: RequestHead;
  /** Monotonic milliseconds (performance.now) when the head had been read. */
  readonly startedMs: number;
  /** What was asked, for spans that are to hold it. */
  readonly reading?: Reading;
}

/** One attempt to reach a provider, for its span. */
export interface TracedAttempt {
  readonly provider: Provider;
  readonly protocol: Protocol | null;
  /** The model as the provider will see it; null when unknown. */
  readonly model: string | null;
}

/** What a decision's span tells. */
export interface Decided {
  readonly judgement: Judgement;
  readonly signals: Signals | null;
}

/** What a look into the store found: a reply to serve, one that is too old, none, or that this call's are never kept. */
export type LookOutcome = "hit" | "stale" | "miss" | "unkept";

/** The spans of one call. Never throws. */
export interface CallSpan {
  /** 32 hex digits; null while nothing of the call is recorded, be it that tracing is off or that it was not sampled. */
  readonly traceId: string | null;
  /** Begins the span of deciding; the returned function ends it, with what was decided unless that failed. */
  decide(): (decided?: Decided) => void;
  /** Begins the span of a look into the store; the returned function ends it. */
  look(): (outcome: LookOutcome) => void;
  /** The reply that is served was fetched by that call: links to it. */
  servedFrom(origin: SpanOrigin): void;
  /** The attempt whose reply may be stored; null while it is not recorded. */
  readonly origin: SpanOrigin | null;
  /** Asks for the reply's text, or for null where there is none; `end` waits for it. Null when spans hold no content. */
  hear(): ((text: string | null) => void) | null;
  /** Begins the span of comparing an answer with the cloud's, after the call and linked to it; the returned function ends it. */
  compare(): (compared?: Compared) => void;
  /**
   * Begins the span of an attempt, ending an earlier one, and gives the lines of trace context to send in
   * place of the caller's; no lines when tracing is off: the caller's stay.
   */
  attempt(attempt: TracedAttempt): HeaderLines;
  /** Ends all spans with what the settled record says; later calls do nothing. */
  end(record: DecisionRecord): void;
}

/** Where spans go. Never throws and never waits for an exporter. */
export interface Tracer {
  start(call: TracedCall): CallSpan;
  /** Whether spans hold what was asked and said. */
  readonly keepsContent: boolean;
  /** Sends what is pending, for a bounded time. */
  close(): Promise<void>;
}
