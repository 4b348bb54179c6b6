/** The spans of one call: server, deciding, each attempt at a provider, or the local answer; made by the tracer. */
import {
  SpanKind,
  trace,
  type Attributes,
  type Context,
  type HrTime,
  type Span,
  type SpanOptions,
  type Tracer as Spans,
} from "@opentelemetry/api";
import type { DecisionRecord } from "../core/decision.ts";
import { pathOf, type HeaderLines } from "../core/http.ts";
import type { Compared } from "../core/ports.ts";
import type { SpanOrigin } from "../core/reply.ts";
import type { CallSpan, Decided, LookOutcome, TracedAttempt, TracedCall } from "../core/tracing.ts";
import { names } from "./attribute-names.ts";
import { namedAs } from "./attribute-naming.ts";
import { baggageAttributes } from "./baggage.ts";
import { askedAttributes, saidAttributes } from "./call-content.ts";
import { comparedAttributes, decidedAttributes } from "./decision-attributes.ts";
import { contextLines, type Incoming } from "./propagation.ts";
import { ended, linkTo, originOf, tell, wholeMicroseconds } from "./span-acts.ts";
import {
  attemptAttributes,
  attemptName,
  callAttributes,
  errorOf,
  isRelayed,
  localAttributes,
  serverName,
  settledAttributes,
  usageAttributes,
} from "./span-attributes.ts";
import type { TraceSettings } from "./trace-settings.ts";

/** When the first byte of the reply went on to the caller. */
const firstByteEvent = "sidestep.first_byte";

/** What a call's spans begin from. */
export interface CallStart {
  readonly call: TracedCall;
  readonly incoming: Incoming;
  readonly settings: Omit<TraceSettings, "problems">;
}

/** A record that has come while the reply's text is still being read. */
interface Settled {
  readonly record: DecisionRecord;
  readonly at: HrTime;
}

/** Never throws: a fault of tracing costs a span, not a call. */
export class CallTrace implements CallSpan {
  readonly #spans: Spans;
  readonly #server: Span;
  readonly #inside: Context;
  /** Of a call that is not recorded nothing is made but the context that goes on: most calls, where few are sampled. */
  readonly #isRecorded: boolean;
  readonly #start: CallStart;
  /** From the monotonic clock to the wall's, the same for the whole tree. */
  readonly #epochMs: number;
  #attempt: Span | null = null;
  #attempts = 0;
  #isEnded = false;
  #isHearing = false;
  #said: string | null = null;
  #settled: Settled | null = null;

  constructor(spans: Spans, start: CallStart) {
    this.#spans = spans;
    this.#start = start;
    this.#epochMs = Date.now() - performance.now();
    const { head, startedMs } = start.call;
    const outside = start.incoming.context;
    const attributes = callAttributes(head.method, pathOf(head.target));
    const told = baggageAttributes(head.headers, start.settings.baggage);
    this.#server = spans.startSpan(
      attributes[names.method],
      {
        kind: SpanKind.SERVER,
        startTime: wholeMicroseconds(this.#epochMs + startedMs),
        attributes: { ...attributes, ...told },
      },
      outside,
    );
    this.#isRecorded = this.#server.isRecording();
    this.#inside = this.#isRecorded ? trace.setSpan(outside, this.#server) : outside;
  }

  get traceId(): string | null {
    return this.#isRecorded ? this.#server.spanContext().traceId : null;
  }

  get origin(): SpanOrigin | null {
    return this.#attempt === null ? null : originOf(this.#attempt);
  }

  decide(): (decided?: Decided) => void {
    const span = this.#child("sidestep.decide", { kind: SpanKind.INTERNAL });
    if (span === null) return nothing;
    return (decided) => {
      if (decided !== undefined) tell(span, () => decidedAttributes(decided));
      ended(span, this.#now(), decided === undefined ? "fault_contained" : null);
    };
  }

  look(): (outcome: LookOutcome) => void {
    const span = this.#child("sidestep.cache.lookup", { kind: SpanKind.INTERNAL });
    if (span === null) return nothing;
    return (outcome) => span.setAttribute(names.cacheOutcome, outcome).end(this.#now());
  }

  servedFrom(origin: SpanOrigin): void {
    this.#server.addLink(linkTo(origin));
  }

  attempt(attempt: TracedAttempt): HeaderLines {
    const { incoming, settings } = this.#start;
    if (!this.#isRecorded) {
      return contextLines(this.#server.spanContext(), incoming, settings.formats);
    }
    if (this.#attempt !== null) ended(this.#attempt, this.#now(), "resent");
    const resends = this.#attempts;
    this.#attempts += 1;
    const attributes = attemptAttributes(attempt, resends);
    this.#attempt = this.#child(attemptName(attempt), { kind: SpanKind.CLIENT, attributes });
    if (this.#attempt === null) return [];
    return contextLines(this.#attempt.spanContext(), incoming, settings.formats);
  }

  hear(): ((text: string | null) => void) | null {
    if (!this.#start.settings.keepsContent || !this.#isRecorded) return null;
    this.#isHearing = true;
    return (text) => {
      this.#isHearing = false;
      this.#said ??= text;
      if (this.#settled !== null) this.#finish(this.#settled);
    };
  }

  compare(): (compared?: Compared) => void {
    const origin = originOf(this.#server);
    if (origin === null) return nothing;
    const links = [linkTo(origin)];
    const span = this.#begun("sidestep.verify", { kind: SpanKind.INTERNAL, root: true, links });
    if (span === null) return nothing;
    return (compared) => {
      if (compared !== undefined) tell(span, () => comparedAttributes(compared));
      ended(span, this.#now(), compared === undefined ? "fault_contained" : null);
    };
  }

  end(record: DecisionRecord): void {
    if (this.#isEnded || !this.#isRecorded) return;
    this.#isEnded = true;
    const settled = { record, at: this.#now() };
    if (this.#isHearing) this.#settled = settled;
    else this.#finish(settled);
  }

  #finish({ record, at }: Settled): void {
    this.#settled = null;
    try {
      this.#endInner(record, at);
      this.#endServer(record, at);
    } catch {
      this.#server.end(at);
    }
  }

  #child(name: string, options: SpanOptions): Span | null {
    return this.#isEnded || !this.#isRecorded ? null : this.#begun(name, options);
  }

  #begun(name: string, { attributes = {}, ...options }: SpanOptions): Span | null {
    try {
      const made = { startTime: this.#now(), ...options, attributes: this.#named(attributes) };
      return this.#spans.startSpan(name, made, this.#inside);
    } catch {
      return null;
    }
  }

  #endInner(record: DecisionRecord, at: HrTime): void {
    const isLocal = record.verdict.decision === "local";
    if (isLocal) this.#answeredHere(record, at);
    const span = this.#attempt;
    if (span === null) return;
    // An attempt that an answer of ours made up for said nothing of what the record tells.
    if (!isLocal) {
      const told = { ...usageAttributes(record), ...this.#content(record) };
      span.setAttributes(this.#named(told));
    }
    if (isRelayed(record)) span.addEvent(firstByteEvent, {}, this.#firstByteAt(record));
    ended(span, at, errorOf(record, 400));
  }

  /** As long as the answer took to make, or to stream. */
  #answeredHere(record: DecisionRecord, at: HrTime): void {
    const attributes = {
      ...localAttributes(record),
      ...usageAttributes(record),
      ...this.#content(record),
    };
    const startTime = wholeMicroseconds(this.#epochMs + this.#start.call.startedMs);
    const options = { kind: SpanKind.INTERNAL, startTime, attributes: this.#named(attributes) };
    const span = this.#spans.startSpan(`chat ${record.model ?? "local"}`, options, this.#inside);
    const firstByteAt = this.#firstByteAt(record);
    span.addEvent(firstByteEvent, {}, firstByteAt);
    span.end(record.stream ? at : firstByteAt);
  }

  #endServer(record: DecisionRecord, at: HrTime): void {
    this.#server.updateName(serverName(record));
    this.#server.setAttributes(settledAttributes(record));
    ended(this.#server, at, errorOf(record, 500));
  }

  #firstByteAt({ firstByteMs }: DecisionRecord): HrTime {
    return wholeMicroseconds(this.#epochMs + this.#start.call.startedMs + firstByteMs);
  }

  #now(): HrTime {
    return wholeMicroseconds(this.#epochMs + performance.now());
  }

  #named(attributes: Attributes): Attributes {
    return namedAs(this.#start.settings.naming, attributes);
  }

  #content({ finishReasons }: DecisionRecord): Attributes {
    const { call, settings } = this.#start;
    if (!settings.keepsContent) return {};
    const asked = call.reading?.kind === "view" ? askedAttributes(call.reading.view) : {};
    const said = this.#said;
    return said === null ? asked : { ...asked, ...saidAttributes(said, finishReasons) };
  }
}

function nothing(): void {}
