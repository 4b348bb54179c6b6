/** faq: the answer of the one frequently asked question that surely is the one asked. */
import type { AnswerSpec, Bound } from "../core/policy.ts";
import type { AnswerContext, FaqMatch, Said } from "../core/ports.ts";
import { spoken } from "./spoken.ts";

type Faq = Extract<AnswerSpec, { kind: "faq" }>;

/** Declines when the model gave nothing, or no question is near, clear and unguarded enough. */
export function faq(spec: Faq, context: AnswerContext): Said {
  const { model } = context.signals;
  const index = context.snapshot.faqs.get(spec.file);
  if (model.kind !== "known" || index === undefined) {
    return { kind: "decline", reason: "model_unavailable" };
  }
  const match = index.match(context.view.text, model.classification.embedding, spec.maxWrong);
  if (match.kind === "none") return { kind: "decline", reason: match.reason };
  if (!isSure(match, spec.confidence)) return { kind: "decline", reason: "faq_no_match" };
  return spoken(match.answer, "answered_faq", context, match.confidence);
}

function isSure(match: Extract<FaqMatch, { kind: "match" }>, bound: Bound | null): boolean {
  if (bound === null) return true;
  return bound.op === ">" ? match.confidence > bound.value : match.confidence >= bound.value;
}
