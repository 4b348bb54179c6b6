/** recall: serves stored replies to identical calls, and remember: stores what passes, where the policy allows it. */
import { cacheRuleOf, type Verdict } from "../core/decision.ts";
import type { Layer } from "../core/layer.ts";
import type { CacheRule } from "../core/policy.ts";
import type { Recorder, Store, StoreEntry } from "../core/ports.ts";
import type { LookOutcome } from "../core/tracing.ts";
import { callerName, type Judged, type Received } from "../core/received.ts";
import type { Reply } from "../core/reply.ts";
import type { Protocol, RequestView } from "../core/request.ts";
import { ageSeconds, isFresh, isWithinOutage } from "../store/freshness.ts";
import { cacheKey, identityOf } from "../store/key.ts";
import { codecOf } from "../wire/table.ts";
import { destinationOf, type Destination } from "./destination.ts";
import { plain, unobserved, verdictOf } from "./judged.ts";

/** What recall asks for. */
export interface RecallParts {
  readonly store: Store;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly faults: Pick<Recorder, "fault">;
}

/** Before judging: only where one rule holds for every route, since a hit then costs no inference. */
export function recall(parts: RecallParts): Layer<Received> {
  return (inner) => (received) => {
    const { cache } = received.snapshot.policy;
    if (cache.mode === "off" || !isSettledEarly(received)) return inner(received);
    return recalled(parts, plain(received, "cache_hit"), () => inner(received));
  };
}

/** After judging: by the route's own rule. */
export function recallRouted(parts: RecallParts): Layer<Judged> {
  return (inner) => (judged) => {
    const { mode } = cacheRuleOf(judged.judgement.route, judged.snapshot.policy.cache);
    if (mode === "off" || judged.would !== null || isSettledEarly(judged)) return inner(judged);
    return recalled(parts, judged, () => inner(judged));
  };
}

/** Whether the policy's rule holds for this call whatever route it takes, none refuses it, and decisions are carried out. */
function isSettledEarly(received: Received): boolean {
  const { policy, isStopped } = received.snapshot;
  if (isStopped || policy.mode === "observe" || received.controls.mode !== null) return false;
  const isPlain = policy.routes.every(
    ({ cache, mode, action }) => cache === null && mode === null && action.kind !== "refuse",
  );
  return isPlain && policy.deny.length === 0 && policy.targets.size === 0;
}

/** The stored reply while it is fresh, else that of `inner` with what the store had. */
async function recalled(
  parts: RecallParts,
  judged: Judged,
  inner: () => Promise<Reply>,
): Promise<Reply> {
  const looked = judged.span?.look();
  const known = await lookedUp(parts, judged);
  looked?.(outcomeOf(known));
  if (typeof known === "object" && known !== null) return known;
  const reply = await inner();
  return known === null ? reply : { ...reply, verdict: { ...reply.verdict, lookup: known } };
}

function outcomeOf(known: Reply | Verdict["lookup"]): LookOutcome {
  if (known === null) return "miss";
  return typeof known === "object" ? "hit" : known;
}

async function lookedUp(parts: RecallParts, judged: Judged): Promise<Reply | Verdict["lookup"]> {
  // A key costs a hash over the whole call.
  if (judged.controls.cache !== null) return null;
  if (judged.reading.kind === "unread") return null;
  const place = placeOf(judged);
  if (place === null) return "unkept";
  const entry = await found(parts, place.key);
  if (entry === null) return null;
  if (!isFresh(entry, parts.now())) return "stale";
  return storedReply(parts, judged, entry, "cache");
}

/** A stored reply within the outage window, fresh or not; null when there is none, or the route keeps none. */
export async function staleReply(parts: RecallParts, judged: Judged): Promise<Reply | null> {
  const { staleMs } = judged.snapshot.policy.outage;
  const isOff = staleMs === 0 || judged.judgement.route?.cache?.mode === "off";
  const place = isOff || judged.controls.cache !== null ? null : placeOf(judged);
  const entry = place === null ? null : await found(parts, place.key);
  if (entry === null || !isWithinOutage(entry, parts.now(), staleMs)) return null;
  return storedReply(parts, judged, entry, "stale");
}

/** Where a call's reply is kept. */
export interface Place {
  readonly key: string;
  readonly rule: CacheRule;
  readonly view: RequestView;
  readonly destination: Destination;
}

/** The place of a call's reply; null when it must be neither stored nor served. */
export function placeOf(judged: Judged): Place | null {
  const { reading, snapshot, head, judgement } = judged;
  if (reading.kind === "unread" || judgement.closed === "denied_by_policy") return null;
  const { view } = reading;
  const rule = cacheRuleOf(judgement.route, snapshot.policy.cache);
  const destination = isStorable(view, rule) ? destinationOf(judged) : null;
  const identity = identityOf(rule, view, head.headers);
  if (destination === null || (rule.scope === "user" && identity === null)) return null;
  const key = cacheKey({
    provider: `${destination.provider.name}/${destination.target?.name ?? ""}`,
    path: destination.path,
    headers: head.headers,
    caller: callerName(judged.caller),
    body: view.body,
    scope: rule.scope,
    identity,
    bytes: judged.body.kind === "whole" ? judged.body.bytes : undefined,
  });
  return { key, rule, view, destination };
}

function isStorable(view: RequestView, rule: CacheRule): boolean {
  return !view.barriers.includes("stored_state") && (rule.tools || !view.hasTools);
}

async function found(parts: RecallParts, key: string): Promise<StoreEntry | null> {
  try {
    return (await parts.store.get(key)) ?? null;
  } catch (fault) {
    parts.faults.fault("store", fault);
    return null;
  }
}

/** Official clients expect an id on every reply; a replay has its own, not the first call's. */
const requestIdName: Readonly<Record<Protocol, string>> = {
  "openai-chat": "x-request-id",
  "anthropic-messages": "request-id",
};

function storedReply(
  parts: RecallParts,
  judged: Judged,
  entry: StoreEntry,
  decision: "cache" | "stale",
): Reply | null {
  if (judged.reading.kind === "unread") return null;
  const { view } = judged.reading;
  const kept = codecOf(view.protocol).transcode(entry, view);
  if (kept === null) return null;
  if (entry.origin !== undefined) judged.span?.servedFrom(entry.origin);
  const stored = { ...kept, headers: [...kept.headers, requestIdName[view.protocol], judged.id] };
  const reason = decision === "cache" ? "cache_hit" : "stale_answer";
  const verdict = verdictOf(judged, decision, reason, {
    ageSeconds: ageSeconds(entry, parts.now()),
    costUsd: 0,
    savedUsd: entry.costUsd,
  });
  return { kind: "stored", stored, usage: entry.usage, verdict, ended: unobserved };
}
