/** rescue: the only place where a provider's fault becomes a reply: stale answer, outage answer, or an error. */
import { SidestepError, type ErrorCode } from "../core/errors.ts";
import type { Layer } from "../core/layer.ts";
import type { Recorder, Upstream, UpstreamFault } from "../core/ports.ts";
import type { ReasonCode } from "../core/reasons.ts";
import type { Judged } from "../core/received.ts";
import type { Reply } from "../core/reply.ts";
import { answered, speak, type AnswerParts } from "./answer.ts";
import { breakerName, destinationOf, type Destination } from "./destination.ts";
import { accountOf, UpstreamFailed } from "./forward.ts";
import { observing, unobserved, verdictOf } from "./judged.ts";
import { staleReply, type RecallParts } from "./recall.ts";

/** What rescue asks for. */
export interface RescueParts {
  readonly upstream: Upstream;
  readonly recall: RecallParts;
  readonly answer: AnswerParts;
  readonly faults: Pick<Recorder, "fault">;
}

/** Statuses with which a provider says that it is down. */
const downStatuses: ReadonlySet<number> = new Set([500, 502, 503, 504, 529]);

type Relay = Extract<Reply, { kind: "relay" }>;

/** The layer that catches; nothing thrown below passes it. */
export function rescue(parts: RescueParts): Layer<Judged> {
  return (inner) => async (judged) => {
    const spare = spareReply(parts, judged);
    if (spare !== null) {
      const reply = await spare;
      if (reply !== null) return reply;
    }
    try {
      const reply = await inner(judged);
      return isFailing(reply) ? await replaced(parts, judged, reply) : reply;
    } catch (fault) {
      if (isGone(fault)) return failedReply(judged, fault);
      return (await fallback(parts, judged)) ?? errorReply(parts, judged, fault);
    }
  };
}

/** What there is instead of a call to a provider that is down, or that told this credential to wait. */
function spareReply(parts: RescueParts, judged: Judged): Promise<Reply | null> | null {
  const destination = destinationOf(judged);
  if (destination === null) return null;
  if (parts.upstream.isDown(breakerName(destination))) return fallback(parts, judged);
  return isLimited(parts, judged, destination) ? limitedReply(parts, judged) : null;
}

// Only a stored reply can stand in for a call that must wait, so nothing is asked where none is kept.
function isLimited(parts: RescueParts, judged: Judged, destination: Destination): boolean {
  if (judged.snapshot.policy.outage.staleMs === 0) return false;
  return parts.upstream.isLimited(accountOf(judged, destination));
}

/** The provider is up, so routes for outages keep silent. */
async function limitedReply(parts: RescueParts, judged: Judged): Promise<Reply | null> {
  if (isObserved(judged)) return null;
  try {
    return await staleReply(parts.recall, judged);
  } catch (fault) {
    parts.faults.fault("rescue", fault);
    return null;
  }
}

function isFailing(reply: Reply): reply is Relay {
  if (reply.kind !== "relay") return false;
  return reply.upstream.status === 429 || downStatuses.has(reply.upstream.status);
}

function isObserved(judged: Judged): boolean {
  return judged.would !== null || observing(judged) !== null;
}

function isGone(fault: unknown): fault is UpstreamFailed {
  return fault instanceof UpstreamFailed && fault.fault.reason === "caller_gone";
}

/** The provider's own error is relayed as it is, unless the policy has something better. */
async function replaced(parts: RescueParts, judged: Judged, reply: Relay): Promise<Reply> {
  const isDown = reply.upstream.status !== 429;
  const spare = await (isDown ? fallback(parts, judged) : spareReply(parts, judged));
  if (spare === null) return reply;
  reply.upstream.body.destroy();
  return spare;
}

/** Stale first: it is the provider's own answer; then what routes for outages say. Null in observe mode. */
async function fallback(parts: RescueParts, judged: Judged): Promise<Reply | null> {
  if (isObserved(judged)) return null;
  try {
    return (await staleReply(parts.recall, judged)) ?? (await outageReply(parts, judged));
  } catch (fault) {
    parts.faults.fault("rescue", fault);
    return null;
  }
}

async function outageReply(parts: RescueParts, judged: Judged): Promise<Reply | null> {
  const { reading, snapshot } = judged;
  if (!snapshot.policy.outage.answer || reading.kind === "unread") return null;
  const start = { from: 0, signals: judged.signals, isOutage: true };
  const { judgement, signals } = await parts.answer.deliberate(judged, reading.view, start);
  const again: Judged = { ...judged, judgement, signals, reason: judgement.reason };
  const spoken = await speak(parts.answer, again, { isOutage: true });
  if (spoken.answer === null || observing(spoken.judged) !== null) return null;
  return answered(spoken.judged, spoken.answer, "answered_outage");
}

const codes: Readonly<Record<UpstreamFault["reason"], ErrorCode>> = {
  upstream_unreachable: "sidestep_upstream_unreachable",
  upstream_timeout: "sidestep_upstream_timeout",
  upstream_reset: "sidestep_upstream_reset",
  upstream_invalid: "sidestep_upstream_invalid",
  breaker_open: "sidestep_upstream_unreachable",
  caller_gone: "sidestep_upstream_reset",
};

function errorReply(parts: RescueParts, judged: Judged, fault: unknown): Reply {
  if (fault instanceof UpstreamFailed) return failedReply(judged, fault);
  // No provider for a path is how the policy is, not a fault.
  if (fault instanceof SidestepError) return ownError(judged, fault, "no_provider");
  parts.faults.fault("forward", fault);
  return ownError(judged, new SidestepError("sidestep_internal"), "fault_contained");
}

/** The error for a call to which the policy names no provider. */
export function unroutedReply(judged: Judged): Reply {
  return ownError(judged, new SidestepError("sidestep_provider_unknown"), "no_provider");
}

function ownError(judged: Judged, error: SidestepError, reason: ReasonCode): Reply {
  const verdict = verdictOf(judged, "forwarded", reason);
  return { kind: "error", error, retryAfterSeconds: null, verdict, ended: unobserved };
}

/** The error that a provider's failure before its first byte becomes. */
export function failedReply(judged: Judged, failure: UpstreamFailed): Reply {
  const { fault, waitedMs } = failure;
  const destination = destinationOf(judged);
  const details = fault.isRetried ? { isRetryable: false } : {};
  const error = new SidestepError(codes[fault.reason], fault.detail, details);
  const wait = fault.retryAfterMs === null ? null : Math.ceil(fault.retryAfterMs / 1000);
  return {
    kind: "error",
    error,
    retryAfterSeconds: error.isRetryable ? wait : null,
    verdict: verdictOf(judged, "forwarded", fault.reason, {
      provider: destination?.provider.name ?? null,
      target: destination?.target?.name ?? null,
      waitedMs,
      detail: fault.detail,
    }),
    ended: unobserved,
  };
}
