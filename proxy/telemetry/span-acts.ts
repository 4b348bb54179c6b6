/** What is done to single spans, whichever call they are of; used by call-trace. */
import {
  SpanStatusCode,
  TraceFlags,
  type Attributes,
  type HrTime,
  type Link,
  type Span,
} from "@opentelemetry/api";
import type { SpanOrigin } from "../core/reply.ts";
import { names } from "./attribute-names.ts";

/** What tells a recorded span to others, also once it has ended; null for one that is not recorded. */
export function originOf(span: Span): SpanOrigin | null {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return (traceFlags & TraceFlags.SAMPLED) === 0 ? null : { traceId, spanId };
}

/** A link to a span that was recorded. */
export function linkTo({ traceId, spanId }: SpanOrigin): Link {
  return { context: { traceId, spanId, traceFlags: TraceFlags.SAMPLED } };
}

/** A fault in telling costs what would have been told. */
export function tell(span: Span, attributes: () => Attributes): void {
  try {
    span.setAttributes(attributes());
  } catch {
    span.setAttribute(names.errorType, "untold");
  }
}

/** Ends a span, as an error where there is one. */
export function ended(span: Span, at: HrTime, error: string | null = null): void {
  if (error !== null) {
    span.setAttribute(names.errorType, error);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end(at);
}

/** Zipkin refuses a whole batch for one time that has a fraction of a microsecond. */
export function wholeMicroseconds(epochMs: number): HrTime {
  const microseconds = Math.round(epochMs * 1000);
  const seconds = Math.floor(microseconds / 1_000_000);
  return [seconds, (microseconds - seconds * 1_000_000) * 1000];
}
