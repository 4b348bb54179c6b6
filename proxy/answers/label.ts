/** label: answers an application that uses the cloud as a classifier, in the form that the application asked for. */
import type { Bound, LabelAnswer } from "../core/policy.ts";
import type { AnswerContext, Said } from "../core/ports.ts";
import type { Scored } from "../core/signals.ts";
import { labelText } from "./label-form.ts";
import { shaped } from "./spoken.ts";

/** Declines when the model is unsure, or the application's own word or form for the label is not plain. */
export function label(spec: LabelAnswer, context: AnswerContext): Said {
  const scored = bestLabel(spec.head, context);
  if (scored === null) return { kind: "decline", reason: "model_unavailable" };
  if (!isSure(scored, spec.confidence)) return { kind: "decline", reason: "label_unsure" };
  const form = labelText(spec, context.view, scored.label, labelsOf(spec.head, context));
  if (form.kind === "decline") return form;
  return shaped(form.text, "answered_label", context, scored.confidence);
}

function bestLabel(head: string, context: AnswerContext): Scored | null {
  const { model } = context.signals;
  if (model.kind !== "known") return null;
  if (head === "intent") return model.signals.intent;
  return model.classification.heads.get(head)?.[0] ?? null;
}

/** Every label that the head could give. */
function labelsOf(head: string, { signals, snapshot }: AnswerContext): readonly string[] {
  if (head === "intent") return snapshot.policy.intents.map(({ name }) => name);
  const { model } = signals;
  if (model.kind !== "known") return [];
  return (model.classification.heads.get(head) ?? []).map(({ label: name }) => name);
}

function isSure(scored: Scored, bound: Bound): boolean {
  return bound.op === ">" ? scored.confidence > bound.value : scored.confidence >= bound.value;
}
