/** label: answers an application that uses the cloud as a classifier, in the form that the application asked for. */
import type { Bound, LabelAnswer } from "../core/policy.ts";
import type { AnswerContext, Said } from "../core/ports.ts";
import { labelCallOf, type LabelCall } from "../wire/label-call.ts";
import { shownFor } from "./label-examples.ts";
import { labelText } from "./label-form.ts";
import { foundLabel, type Found } from "./label-source.ts";
import { shaped } from "./spoken.ts";

/** Declines when the text is not plain, the label unsure or contradicted, or the application's own word or form for it not plain. */
export function label(spec: LabelAnswer, context: AnswerContext): Said {
  const call = labelCallOf(spec, context.view);
  if (call.text === null) return { kind: "decline", reason: "label_text_unclear" };
  const found = foundLabel(spec, context, call.text);
  if (found === null) return { kind: "decline", reason: "model_unavailable" };
  const doubt = doubtOf(spec, found, call);
  if (doubt !== null) return doubt;
  const form = labelText({ spec, view: context.view, call, label: found.label });
  if (form.kind === "decline") return form;
  return shaped(form.text, "answered_label", context, found.confidence);
}

function doubtOf(
  spec: LabelAnswer,
  found: Found,
  call: LabelCall,
): Extract<Said, { kind: "decline" }> | null {
  if (found.objection) return { kind: "decline", reason: "guard_mismatch" };
  if (!isSure(found.confidence, spec.confidence))
    return { kind: "decline", reason: "label_unsure" };
  if (spec.maxWrong !== null && found.wrong > spec.maxWrong)
    return { kind: "decline", reason: "above_max_wrong" };
  if (!spec.names.includes(found.label)) return { kind: "decline", reason: "label_not_offered" };
  const labels = shownFor(call);
  const isBorneOut = labels.size === 0 || (labels.size === 1 && labels.has(found.label));
  return isBorneOut ? null : { kind: "decline", reason: "label_contradicted" };
}

function isSure(confidence: number, bound: Bound): boolean {
  return bound.op === ">" ? confidence > bound.value : confidence >= bound.value;
}
