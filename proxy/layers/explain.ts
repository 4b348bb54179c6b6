/** explain: goes the whole way of a decision without calling anybody; for the command and the admin listener. */
import type { DecisionKind, RouteCheck } from "../core/decision.ts";
import { reasons, type ReasonCode } from "../core/reasons.ts";
import type { Judged, Received } from "../core/received.ts";
import type { ModelSignals, Signals } from "../core/signals.ts";
import { speak, type AnswerParts } from "./answer.ts";
import { decideCall, type DecideParts } from "./decide.ts";
import { observing } from "./judged.ts";

/** A decision laid open. */
export interface Explanation {
  readonly decision: DecisionKind;
  readonly reason: ReasonCode;
  /** The reason in a sentence. */
  readonly because: string;
  readonly route: string | null;
  /** The target a forwarding route names. */
  readonly target: string | null;
  readonly confidence: number | null;
  readonly complexity: number | null;
  /** The text that would be sent; null when the call is forwarded. */
  readonly answer: string | null;
  /** What would be done if the policy did not only observe; null otherwise. */
  readonly observed: ReasonCode | null;
  readonly signals: ExplainedSignals | null;
  readonly trail: readonly RouteCheck[];
  readonly policy: string;
}

/** The signals without the embedding. */
export interface ExplainedSignals {
  readonly cheap: Signals["cheap"];
  readonly model: ModelSignals | { readonly failed: ReasonCode } | null;
}

/** Explains one call. Throws nothing that decide and answer do not. */
export async function explain(
  parts: { readonly decide: DecideParts; readonly answer: AnswerParts },
  received: Received,
): Promise<Explanation> {
  const judged = await decideCall(parts.decide, received);
  const spoken = await speak(parts.answer, judged, { isShown: true });
  const { judgement, reason, signals } = spoken.judged;
  return {
    decision: decisionOf(spoken.judged, spoken.answer !== null),
    reason,
    because: reasons[reason],
    route: judgement.route?.name ?? null,
    target: judgement.route?.action.kind === "forward" ? judgement.route.action.target : null,
    confidence: judgement.confidence,
    complexity: signals === null ? null : judgement.complexity,
    answer: spoken.answer?.text ?? null,
    observed: observing(spoken.judged),
    signals: signals === null ? null : shown(signals),
    trail: judgement.trail,
    policy: received.snapshot.policy.revision,
  };
}

function decisionOf(judged: Judged, isAnswered: boolean): DecisionKind {
  if (isAnswered) return "local";
  return judged.judgement.route?.action.kind === "refuse" ? "refused" : "forwarded";
}

function shown(signals: Signals): ExplainedSignals {
  const { model, cheap } = signals;
  switch (model.kind) {
    case "unasked":
      return { cheap, model: null };
    case "failed":
      return { cheap, model: { failed: model.reason } };
    case "known":
      return { cheap, model: model.signals };
  }
}
