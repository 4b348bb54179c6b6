/** Makers of settled records for the tests of telemetry. */
import { probability, score } from "../../../proxy/core/brand.ts";
import type { DecisionRecord, Verdict } from "../../../proxy/core/decision.ts";
import type { RecordedCall } from "../../../proxy/core/ports.ts";
import { knownSignals, modelOf, policyOf, scored, viewOf } from "../../support/builders.ts";

/** A call that a template answered. */
export function verdictOf(more: Partial<Verdict> = {}): Verdict {
  return {
    decision: "local",
    reason: "answered_template",
    route: "greeting",
    target: null,
    provider: null,
    confidence: probability(0.97),
    complexity: score(0.12),
    signals: knownSignals(modelOf({ task: scored("greeting", 0.97) })),
    trail: [{ route: "greeting", outcome: "matched", because: null, reason: null }],
    would: null,
    ageSeconds: null,
    costUsd: 0,
    savedUsd: 0.0005,
    waitedMs: 0,
    lookup: null,
    detail: null,
    overheadMs: 2.5,
    ...more,
  };
}

/** A call that went to the cloud. */
export function forwardedVerdict(more: Partial<Verdict> = {}): Verdict {
  return verdictOf({
    decision: "forwarded",
    reason: "no_route_matched",
    route: null,
    provider: "openai",
    costUsd: 0.002,
    savedUsd: null,
    ...more,
  });
}

/** A settled record of an OpenAI call. */
export function recordOf(more: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    id: "req-1",
    at: "2026-11-21T10:00:00.000Z",
    method: "POST",
    path: "/v1/chat/completions",
    caller: null,
    protocol: "openai-chat",
    model: "gpt-4o-mini",
    stream: false,
    status: 200,
    ending: "complete",
    verdict: verdictOf(),
    policy: "abcdef012345",
    controls: { mode: null, cache: null, target: null },
    usage: { inputTokens: 12, outputTokens: 8, isEstimate: true },
    replyModel: null,
    finishReasons: [],
    overheadMs: 2.5,
    firstByteMs: 3,
    totalMs: 4,
    ...more,
  };
}

/** The call that a record is made of. */
export function callOf(more: Partial<RecordedCall> = {}): RecordedCall {
  return {
    head: { method: "POST", target: "/v1/chat/completions", headers: [] },
    reading: { kind: "view", view: viewOf("hello") },
    controls: { mode: null, cache: null, target: null },
    snapshot: { policy: policyOf() },
    ...more,
  };
}
