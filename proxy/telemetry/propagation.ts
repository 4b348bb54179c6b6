/** A call's trace context from the caller's headers and on to the provider, in the formats that the environment asks for; used by the tracer. */
import { randomBytes } from "node:crypto";
import {
  isSpanContextValid,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
  type Context,
  type SpanContext,
} from "@opentelemetry/api";
import type { HeaderLines } from "../core/http.ts";
import { readB3, writeB3, type B3Context } from "./b3-context.ts";
import { ForeignState } from "./foreign-state.ts";
import {
  randomFlag,
  readTraceparent,
  readTracestate,
  sampledFlag,
  writeTraceparent,
} from "./trace-context.ts";
import type { ContextFormat } from "./trace-settings.ts";

/** What the caller's headers said. */
export interface Incoming {
  readonly context: Context;
  /** Flags of the caller's `traceparent`; 0 when a new trace begins. */
  readonly parentFlags: number;
  /** The caller's B3 wish that everybody records. */
  readonly isDebug: boolean;
}

const nothing: Incoming = { context: ROOT_CONTEXT, parentFlags: 0, isDebug: false };

/** The context that the headers carry. Where two formats do, B3 wins, as it does in OpenTelemetry when it is named last. */
export function readContext(lines: HeaderLines, formats: ReadonlySet<ContextFormat>): Incoming {
  const b3 = formats.has("b3") || formats.has("b3multi") ? readB3(lines) : null;
  if (b3 !== null) return fromB3(b3);
  return formats.has("tracecontext") ? fromW3c(lines) : nothing;
}

/** The header lines for a span of ours; none for one that is not valid. */
export function contextLines(
  span: SpanContext,
  { parentFlags, isDebug }: Omit<Incoming, "context">,
  formats: ReadonlySet<ContextFormat>,
): string[] {
  if (!isSpanContextValid(span)) return [];
  const isSampled = (span.traceFlags & TraceFlags.SAMPLED) !== 0;
  const lines = formats.has("tracecontext") ? w3cLines(span, parentFlags) : [];
  for (const form of ["b3", "b3multi"] as const) {
    if (formats.has(form)) lines.push(...writeB3(form, span, { isSampled, isDebug }));
  }
  return lines;
}

/** Our span's id goes on; the caller's random flag stays as long as the trace does. */
function w3cLines({ traceId, spanId, ...span }: SpanContext, parentFlags: number): string[] {
  const flags = span.traceFlags | (parentFlags & randomFlag);
  const lines = ["traceparent", writeTraceparent({ traceId, parentId: spanId, flags })];
  const state = span.traceState?.serialize() ?? "";
  return state === "" ? lines : [...lines, "tracestate", state];
}

function fromW3c(lines: HeaderLines): Incoming {
  const parent = readTraceparent(lines);
  if (parent === null) return nothing;
  const context = under({
    traceId: parent.traceId,
    spanId: parent.parentId,
    traceFlags: parent.flags & sampledFlag,
    traceState: new ForeignState(readTracestate(lines)),
  });
  return { context, parentFlags: parent.flags, isDebug: false };
}

/** A decision without ids holds for a trace that begins here: "no" as if its parent had not been recorded. */
function fromB3({ ids, isSampled, isDebug }: B3Context): Incoming {
  if (ids === null && isSampled === true) return { ...nothing, isDebug };
  const { traceId, spanId } = ids ?? freshIds();
  // A caller who leaves the decision to us gets what a call without context gets.
  const traceFlags = isSampled === false ? TraceFlags.NONE : TraceFlags.SAMPLED;
  return { context: under({ traceId, spanId, traceFlags }), parentFlags: 0, isDebug };
}

function freshIds(): NonNullable<B3Context["ids"]> {
  return { traceId: randomBytes(16).toString("hex"), spanId: randomBytes(8).toString("hex") };
}

function under(parent: SpanContext): Context {
  return trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true });
}
