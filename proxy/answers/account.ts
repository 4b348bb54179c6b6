/** What FAQ and label answers measured of a call, for `explain`; assemble.ts hands it to the layers. */
import { probability } from "../core/brand.ts";
import type { LabelAnswer } from "../core/policy.ts";
import type { AccountAnswer, AnswerAccount, AnswerContext, MatchAccount } from "../core/ports.ts";
import { labelCallOf } from "../wire/label-call.ts";
import { foundLabel } from "./label-source.ts";

/** The measures a route's bounds are compared with. */
export const accountAnswer: AccountAnswer = (spec, context) => {
  const { model } = context.signals;
  switch (spec.kind) {
    case "template":
    case "generate":
      return null;
    case "faq": {
      if (model.kind !== "known") return null;
      const index = context.snapshot.faqs.get(spec.file);
      return ofMatch(index?.account(context.view.text, model.classification.embedding) ?? null);
    }
    case "label":
      return ofLabel(spec, context);
  }
};

function ofMatch(match: MatchAccount | null): AnswerAccount | null {
  if (match === null) return null;
  return { confidence: match.best.confidence, wrong: match.best.wrong, match };
}

function ofLabel(spec: LabelAnswer, context: AnswerContext): AnswerAccount | null {
  const { text } = labelCallOf(spec, context.view);
  const found = text === null ? null : foundLabel(spec, context, text);
  if (text === null || found === null) return null;
  const { model } = context.signals;
  const { intents, labels } = context.snapshot;
  const scorer = spec.own === null ? intents : labels.get(spec.own);
  const isFitted = (spec.head === "intent" || spec.head === "own") && model.kind === "known";
  const match = isFitted ? (scorer?.account(text, model.classification.embedding) ?? null) : null;
  return { confidence: found.confidence, wrong: probability(found.wrong), match };
}
