/** The spans of one call: server, deciding, each attempt at a provider, or the local answer; made by the tracer. */
import {
  isSpanContextValid,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type Tracer as Spans,
} from "@opentelemetry/api";
import type { DecisionRecord } from "../core/decision.ts";
import { pathOf, type HeaderLines } from "../core/http.ts";
import type { CallSpan, Decided, LookOutcome, TracedAttempt, TracedCall } from "../core/ports.ts";
import { names } from "./attribute-names.ts";
import { decidedAttributes } from "./decision-attributes.ts";
import {
  attemptAttributes,
  callAttributes,
  errorOf,
  isUpstreamFault,
  localAttributes,
  routeOf,
  settledAttributes,
  usageAttributes,
} from "./span-attributes.ts";
import { randomFlag, writeTraceparent } from "./trace-context.ts";

/** When the first byte of the reply went on to the caller. */
const firstByteEvent = "sidestep.first_byte";

/** What a call's spans begin from. */
export interface CallStart {
  readonly call: TracedCall;
  /** Flags of the caller's `traceparent`; 0 when a new trace begins. */
  readonly parentFlags: number;
}

/** Never throws: a fault of tracing costs a span, not a call. */
export class CallTrace implements CallSpan {
  readonly #spans: Spans;
  readonly #server: Span;
  readonly #inside: Context;
  readonly #start: CallStart;
  #attempt: Span | null = null;
  #attempts = 0;
  #isEnded = false;

  constructor(spans: Spans, outside: Context, start: CallStart) {
    this.#spans = spans;
    this.#start = start;
    const { head, startedMs } = start.call;
    const attributes = callAttributes(head.method, pathOf(head.target));
    const options = { kind: SpanKind.SERVER, startTime: epochMs(startedMs), attributes };
    this.#server = spans.startSpan(attributes[names.method], options, outside);
    this.#inside = trace.setSpan(outside, this.#server);
  }

  get traceId(): string | null {
    return this.#server.isRecording() ? this.#server.spanContext().traceId : null;
  }

  decide(): (decided?: Decided) => void {
    const span = this.#child("sidestep.decide", SpanKind.INTERNAL, {});
    return (decided) => {
      if (span === null) return;
      if (decided !== undefined && span.isRecording()) tell(span, decided);
      span.end();
    };
  }

  look(): (outcome: LookOutcome) => void {
    const span = this.#child("sidestep.cache.lookup", SpanKind.INTERNAL, {});
    return (outcome) => span?.setAttribute(names.cacheOutcome, outcome).end();
  }

  attempt(attempt: TracedAttempt): HeaderLines {
    if (this.#attempt !== null) failed(this.#attempt, "resent");
    const resends = this.#attempts;
    this.#attempts += 1;
    const attributes = attemptAttributes(attempt, resends);
    this.#attempt = this.#child(attemptName(attempt), SpanKind.CLIENT, attributes);
    return this.#attempt === null ? [] : this.#lines(this.#attempt);
  }

  end(record: DecisionRecord): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    try {
      this.#endInner(record);
      this.#endServer(record);
    } catch {
      this.#server.end();
    }
  }

  #child(name: string, kind: SpanKind, attributes: Attributes): Span | null {
    if (this.#isEnded) return null;
    try {
      return this.#spans.startSpan(name, { kind, attributes }, this.#inside);
    } catch {
      return null;
    }
  }

  /** Our span's id goes on; the caller's random flag stays as long as the trace does. */
  #lines(span: Span): HeaderLines {
    const context = span.spanContext();
    if (!isSpanContextValid(context)) return [];
    const { traceId, spanId, traceFlags, traceState } = context;
    const flags = traceFlags | (this.#start.parentFlags & randomFlag);
    const lines = ["traceparent", writeTraceparent({ traceId, parentId: spanId, flags })];
    const state = traceState?.serialize() ?? "";
    return state === "" ? lines : [...lines, "tracestate", state];
  }

  #endInner(record: DecisionRecord): void {
    if (record.verdict.decision === "local") this.#answeredHere(record);
    const span = this.#attempt;
    if (span === null) return;
    span.setAttributes(usageAttributes(record));
    const firstByteMs = epochMs(this.#start.call.startedMs + record.firstByteMs);
    if (isRelayed(record)) span.addEvent(firstByteEvent, {}, firstByteMs);
    const error = errorOf(record, 400);
    if (error === null) span.end();
    else failed(span, error);
  }

  #answeredHere(record: DecisionRecord): void {
    const startTime = epochMs(this.#start.call.startedMs);
    const attributes = { ...localAttributes(record), ...usageAttributes(record) };
    const options = { kind: SpanKind.INTERNAL, startTime, attributes };
    const span = this.#spans.startSpan(`chat ${record.model ?? "local"}`, options, this.#inside);
    span.end(startTime + record.firstByteMs);
  }

  #endServer(record: DecisionRecord): void {
    const route = routeOf(record.protocol);
    if (route !== null) this.#server.updateName(`${callMethod(record)} ${route}`);
    this.#server.setAttributes(settledAttributes(record));
    const error = errorOf(record, 500);
    if (error === null) this.#server.end();
    else failed(this.#server, error);
  }
}

function callMethod(record: DecisionRecord): string {
  return callAttributes(record.method, record.path)[names.method];
}

function attemptName(attempt: TracedAttempt): string {
  return attempt.protocol === null ? "relay" : `chat ${attempt.model ?? ""}`.trim();
}

function isRelayed({ verdict }: DecisionRecord): boolean {
  return verdict.decision === "forwarded" && !isUpstreamFault(verdict.reason);
}

/** A fault in telling costs what would have been told. */
function tell(span: Span, decided: Decided): void {
  try {
    span.setAttributes(decidedAttributes(decided));
  } catch {
    span.setAttribute(names.errorType, "untold");
  }
}

function failed(span: Span, error: string): void {
  span.setAttribute(names.errorType, error);
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

function epochMs(monotonicMs: number): number {
  return performance.timeOrigin + monotonicMs;
}
