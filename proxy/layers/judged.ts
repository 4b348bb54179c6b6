/** Builders shared by the layers: judged calls and the verdicts that their replies carry. */
import { score } from "../core/brand.ts";
import type { DecisionKind, Judgement, Verdict } from "../core/decision.ts";
import type { ReasonCode } from "../core/reasons.ts";
import type { Judged, Received } from "../core/received.ts";

/** A call that goes straight to the caller's provider: nothing was, or could be, judged. */
export function plain(received: Received, reason: ReasonCode): Judged {
  const judgement: Judgement = {
    route: null,
    at: 0,
    reason,
    needsModel: false,
    confidence: null,
    complexity: score(0),
    closed: null,
    trail: [],
  };
  return { ...received, judgement, signals: null, reason, would: null };
}

/** The verdict of a reply, with what is known at its beginning. */
export function verdictOf(
  judged: Judged,
  decision: DecisionKind,
  reason: ReasonCode,
  more: Partial<Verdict> = {},
): Verdict {
  const { judgement, signals, would } = judged;
  return {
    decision,
    reason,
    route: judgement.route?.name ?? null,
    target: null,
    provider: null,
    confidence: judgement.confidence,
    complexity: signals === null ? null : judgement.complexity,
    signals,
    trail: judgement.trail,
    would,
    ageSeconds: null,
    costUsd: null,
    savedUsd: null,
    waitedMs: 0,
    lookup: null,
    detail: null,
    overheadMs: 0,
    ...more,
  };
}

/** For replies whose end nobody waits for yet; observe replaces it. */
export function unobserved(): void {}

/** Why this call is only observed; null when the decision is carried out. */
export function observing(judged: Judged): ReasonCode | null {
  const { snapshot, controls, judgement } = judged;
  if (snapshot.isStopped) return "emergency_stop";
  if (controls.mode === "observe") return "observe_mode";
  const mode = judgement.route?.mode ?? snapshot.policy.mode;
  return mode === "observe" ? "observe_mode" : null;
}
