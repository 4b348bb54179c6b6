/** observe: the outermost layer; sees every call's outcome exactly once and settles its record. */
import type { DecisionRecord, Ending, ReplyAccount, Usage, Verdict } from "../core/decision.ts";
import { headerValue, pathOf } from "../core/http.ts";
import type { Layer } from "../core/layer.ts";
import type { Recorder } from "../core/ports.ts";
import type { CallSpan, TracedCall, Tracer } from "../core/tracing.ts";
import { callerName, withoutTexts, type Received } from "../core/received.ts";
import { outlivesCall, type Reply } from "../core/reply.ts";
import { costOf, priceOf } from "../policy/prices.ts";
import type { UsageReader } from "../wire/codec.ts";
import { codecOf } from "../wire/table.ts";

/** What observe asks for. */
export interface ObserveParts {
  readonly recorder: Recorder;
  readonly tracer: Tracer;
}

/** The layer that records. */
export function observe(parts: ObserveParts): Layer<Received> {
  return (inner) => async (received) => {
    const span = parts.tracer.start(tracedCall(received, parts.tracer));
    const reply = withNeed(await inner({ ...received, span }), received);
    const reader = readerOf(received, reply);
    const account = (): ReplyAccount => accountOf(reply, reader);
    const watched = watch(parts, {
      received: outlivesCall(reply) ? withoutTexts(received) : received,
      span,
      begun: reply,
      status: statusOf(reply),
      account,
    });
    if (reply.kind !== "relay") return { ...reply, ...watched };
    return { ...reply, ...watched, tap: joined(reply.tap, reader) };
  };
}

/** Spans outlive what the caller said, unless they are to hold it. */
function tracedCall({ head, startedMs, reading }: Received, tracer: Tracer): TracedCall {
  return tracer.keepsContent ? { head, startedMs, reading } : { head, startedMs };
}

/** The audit log says at the end what the caller said, where the policy keeps that. */
function withNeed(reply: Reply, { snapshot }: Received): Reply {
  const isKept = reply.kind === "relay" && snapshot.policy.audit.content !== null;
  return isKept ? { ...reply, needsCall: true } : reply;
}

/** A reply or tunnel as it begins. */
export interface Begun {
  readonly verdict: Verdict;
  readonly ended: (ending: Ending) => void;
}

interface Watched {
  readonly received: Received;
  readonly span: CallSpan;
  readonly begun: Begun;
  readonly status: number;
  readonly account: () => ReplyAccount;
}

/** The verdict with its overhead, and an `ended` that settles the record. */
export function watch(parts: ObserveParts, watched: Watched): Begun {
  const { received, begun } = watched;
  const begunMs = performance.now();
  const ownMs = begunMs - received.startedMs - received.bodyWaitMs - begun.verdict.waitedMs;
  const verdict: Verdict = { ...begun.verdict, overheadMs: Math.max(0, ownMs) };
  const ended = (ending: Ending): void => {
    begun.ended(ending);
    try {
      const record = recordOf({ ...watched, verdict, begunMs, ending });
      watched.span.end(record);
      parts.recorder.record(record, received);
    } catch (fault) {
      parts.recorder.fault("observe", fault);
    }
  };
  return { verdict, ended };
}

function readerOf(received: Received, reply: Reply): UsageReader | null {
  if (reply.kind !== "relay" || received.reading.kind === "unread") return null;
  const { headers } = reply.upstream;
  const type = headerValue(headers, "content-type") ?? "";
  const encoding = headerValue(headers, "content-encoding") ?? "";
  const { view } = received.reading;
  return codecOf(view.protocol).createUsageReader(type, encoding, view);
}

type Tap = (chunk: Buffer) => void;

function joined(tap: Tap | null, reader: UsageReader | null): Tap | null {
  if (reader === null) return tap;
  if (tap === null) return (chunk) => reader.push(chunk);
  return (chunk) => {
    tap(chunk);
    reader.push(chunk);
  };
}

interface Seen extends Watched {
  readonly verdict: Verdict;
  readonly begunMs: number;
  readonly ending: Ending;
}

function recordOf(seen: Seen): DecisionRecord {
  const { received, verdict, begunMs, ending } = seen;
  const view = received.reading.kind === "view" ? received.reading.view : null;
  const { usage, model, finishReasons } = seen.account();
  const totalMs = performance.now() - received.startedMs;
  return {
    id: received.id,
    traceId: seen.span.traceId,
    at: new Date(Date.now() - totalMs).toISOString(),
    method: received.head.method,
    path: pathOf(received.head.target),
    caller: callerName(received.caller),
    protocol: view?.protocol ?? null,
    model: view?.model ?? null,
    stream: view?.stream ?? false,
    status: seen.status,
    ending: ending.kind,
    verdict: settled(seen, usage),
    policy: received.snapshot.policy.revision,
    controls: received.controls,
    usage,
    replyModel: model,
    finishReasons,
    overheadMs: verdict.overheadMs,
    firstByteMs: begunMs - received.startedMs,
    totalMs,
  };
}

/** The verdict with what only the end of the reply tells. */
function settled(seen: Seen, usage: Usage | null): Verdict {
  const { verdict, ending } = seen;
  return {
    ...verdict,
    costUsd: verdict.costUsd ?? costOfRelay(seen, usage),
    detail: ending.kind === "cut" ? (ending.detail ?? null) : verdict.detail,
  };
}

/** A reply that says nothing about itself, or that nobody reads. */
export const silentReply: ReplyAccount = { usage: null, model: null, finishReasons: [] };

function accountOf(reply: Reply, reader: UsageReader | null): ReplyAccount {
  switch (reply.kind) {
    case "answer":
      return { ...silentReply, usage: reply.answer.usage, finishReasons: ["stop"] };
    case "stored":
      return { ...silentReply, usage: reply.usage ?? null };
    case "relay":
      return reader?.end() ?? silentReply;
    case "error":
      return silentReply;
  }
}

function costOfRelay(seen: Seen, usage: Usage | null): number | null {
  const { received, verdict } = seen;
  if (usage === null || received.reading.kind === "unread") return null;
  const { policy } = received.snapshot;
  const target = verdict.target === null ? undefined : policy.targets.get(verdict.target);
  const model = target?.model ?? received.reading.view.model;
  const price = target?.price ?? priceOf(policy.prices, model);
  return price === null ? null : costOf(price, usage);
}

/** The status that a reply begins with. */
export function statusOf(reply: Reply): number {
  switch (reply.kind) {
    case "answer":
      return 200;
    case "stored":
      return reply.stored.status;
    case "error":
      return reply.error.status;
    case "relay":
      return reply.upstream.status;
  }
}
