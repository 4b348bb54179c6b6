/** Turns a strategy's text into an answer, unless the caller's own limits forbid it; every strategy ends here. */
import type { Probability } from "../core/brand.ts";
import type { AnswerContext, Said } from "../core/ports.ts";
import type { ReasonCode } from "../core/reasons.ts";
import { estimateInputTokens, estimateTokens } from "../wire/tokens.ts";

/** A plain text; declines when the caller wants JSON, or fewer tokens. */
export function spoken(
  text: string,
  reason: ReasonCode,
  context: AnswerContext,
  confidence: Probability | null = null,
): Said {
  if (context.view.format.kind !== "text") return { kind: "decline", reason: "format_unsatisfied" };
  return shaped(text, reason, context, confidence);
}

/** A text that already has the form the caller wants. */
export function shaped(
  text: string,
  reason: ReasonCode,
  context: AnswerContext,
  confidence: Probability | null,
): Said {
  const outputTokens = estimateTokens(text);
  const { maxTokens } = context.view;
  // The estimate may be low by a tenth; an answer must never be longer than the caller allows.
  if (maxTokens !== null && Math.ceil(outputTokens * 1.2) + 1 > maxTokens) {
    return { kind: "decline", reason: "answer_too_long" };
  }
  const usage = { inputTokens: estimateInputTokens(context.view), outputTokens, isEstimate: true };
  return { kind: "answer", answer: { text, usage }, reason, confidence };
}
