/** When the parts of each call began and ended, for the page's waterfall; assemble puts it around the tracer, on or off. */
import type { DecisionRecord } from "../core/decision.ts";
import type { SpanOrigin } from "../core/reply.ts";
import type { CallSpan, Decided, TracedAttempt, TracedCall, Tracer } from "../core/tracing.ts";

/** One attempt at a provider. */
export interface TimedAttempt {
  readonly provider: string;
  readonly model: string | null;
  /** Milliseconds after the request's head. */
  readonly atMs: number;
}

/** Milliseconds are counted from the request's head. */
export interface CallTimeline {
  /** Null for calls that nobody decided about. */
  readonly decide: { readonly atMs: number; readonly tookMs: number } | null;
  readonly attempts: readonly TimedAttempt[];
}

/** Most attempts of one call that are kept. */
const mostAttempts = 8;

const nothing: CallTimeline = { decide: null, attempts: [] };

/** Timelines by record; each is forgotten with its record. */
export class CallTimelines {
  readonly #byRecord: WeakMap<DecisionRecord, CallTimeline> = new WeakMap();

  /** The tracer, with each call's times kept as it ends. */
  around(tracer: Tracer): Tracer {
    return {
      start: (call) => new TimedSpan(tracer.start(call), call, this.#byRecord),
      keepsContent: tracer.keepsContent,
      close: () => tracer.close(),
    };
  }

  of(record: DecisionRecord): CallTimeline {
    return this.#byRecord.get(record) ?? nothing;
  }
}

class TimedSpan implements CallSpan {
  readonly #span: CallSpan;
  readonly #startedMs: number;
  readonly #kept: WeakMap<DecisionRecord, CallTimeline>;
  readonly #attempts: TimedAttempt[] = [];
  #decide: CallTimeline["decide"] = null;

  constructor(
    span: CallSpan,
    { startedMs }: TracedCall,
    kept: WeakMap<DecisionRecord, CallTimeline>,
  ) {
    this.#span = span;
    this.#startedMs = startedMs;
    this.#kept = kept;
  }

  get traceId(): string | null {
    return this.#span.traceId;
  }

  decide(): (decided?: Decided) => void {
    const ended = this.#span.decide();
    const atMs = this.#sinceStart();
    return (decided) => {
      ended(decided);
      this.#decide ??= { atMs, tookMs: this.#sinceStart() - atMs };
    };
  }

  look(): ReturnType<CallSpan["look"]> {
    return this.#span.look();
  }

  servedFrom(origin: SpanOrigin): void {
    this.#span.servedFrom(origin);
  }

  get origin(): SpanOrigin | null {
    return this.#span.origin;
  }

  hear(): ReturnType<CallSpan["hear"]> {
    return this.#span.hear();
  }

  compare(): ReturnType<CallSpan["compare"]> {
    return this.#span.compare();
  }

  attempt(attempt: TracedAttempt): ReturnType<CallSpan["attempt"]> {
    if (this.#attempts.length < mostAttempts) {
      const { provider, model } = attempt;
      this.#attempts.push({ provider: provider.name, model, atMs: this.#sinceStart() });
    }
    return this.#span.attempt(attempt);
  }

  end(record: DecisionRecord): void {
    this.#kept.set(record, { decide: this.#decide, attempts: this.#attempts });
    this.#span.end(record);
  }

  #sinceStart(): number {
    return performance.now() - this.#startedMs;
  }
}
