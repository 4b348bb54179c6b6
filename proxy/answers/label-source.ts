/** Where a label comes from: the model's heads, the policy's intents, a route's own examples, or a rule; label.ts asks. */
import { probability } from "../core/brand.ts";
import type { LabelAnswer } from "../core/policy.ts";
import type { AnswerContext } from "../core/ports.ts";
import type { CheapSignals, IntentScore, Scored } from "../core/signals.ts";
import { escalationOf } from "./escalation.ts";

/** A label and what speaks for and against it. */
export interface Found extends Scored {
  /** Estimated share wrong among labels at least this sure. */
  readonly wrong: number;
  /** Whether the pair guard objects to every example of the label. */
  readonly objection: boolean;
}

/** Null where the model gave nothing for this text. */
export function foundLabel(spec: LabelAnswer, context: AnswerContext, text: string): Found | null {
  if (spec.head === "language") return languageOf(context, text);
  const { model } = context.signals;
  if (model.kind !== "known" || readText(context) !== text.trim()) return null;
  switch (spec.head) {
    case "intent":
      return fitted(model.signals.intent);
    case "escalation":
      return chosen(escalationOf(text));
    case "own": {
      const scorer = context.snapshot.labels.get(spec.own ?? []);
      return fitted(scorer?.score(text, model.classification.embedding) ?? null);
    }
    default:
      return chosen(model.classification.heads.get(spec.head)?.[0]);
  }
}

/** What the model read. */
function readText({ signals, view }: AnswerContext): string {
  return (signals.part?.text ?? view.text).trim();
}

function fitted(score: IntentScore | null): Found | null {
  return score === null ? null : { ...score, objection: score.guard };
}

/** Of a calibrated head, labels at least this sure are wrong less often than this one may be. */
function chosen(scored: Scored | undefined): Found | null {
  if (scored === undefined) return null;
  return { ...scored, wrong: 1 - scored.confidence, objection: false };
}

function languageOf(context: AnswerContext, text: string): Found | null {
  const cheap = cheapFor(context, text);
  if (cheap === null) return null;
  const confidence = probability(cheap.languageConfidence);
  return { label: cheap.language, confidence, wrong: 1 - confidence, objection: false };
}

function cheapFor({ signals, view }: AnswerContext, text: string): CheapSignals | null {
  const read = signals.part ?? { text: view.text, cheap: signals.cheap };
  return read.text.trim() === text.trim() ? read.cheap : null;
}
