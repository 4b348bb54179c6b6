/** What the spans of deciding and of looking into the store say; scores and labels only, no content; used by call-trace. */
import type { Attributes } from "@opentelemetry/api";
import type { Compared } from "../core/ports.ts";
import type { Decided } from "../core/tracing.ts";
import type { ModelSignals, Signals } from "../core/signals.ts";
import { names } from "./attribute-names.ts";
import { classifierOf } from "./record-json.ts";
import { defined, type Loose } from "./span-attributes.ts";

/** Reason, route, scores. */
export function decidedAttributes({ judgement, signals }: Decided): Attributes {
  return defined({
    [names.reason]: judgement.reason,
    [names.sidestepRoute]: judgement.route?.name,
    [names.confidence]: judgement.confidence,
    [names.complexity]: judgement.complexity,
    [names.classifier]: classifierOf(signals),
    ...signalAttributes(signals),
  });
}

/** How an answer of the pod compares with what was wanted, and who says so. */
export function comparedAttributes({ id, route, outcome, by }: Compared): Attributes {
  return {
    [names.requestId]: id,
    [names.sidestepRoute]: route.name,
    [names.comparedOutcome]: outcome,
    [names.comparedBy]: by,
  };
}

function signalAttributes(signals: Signals | null): Loose {
  if (signals === null) return {};
  const { cheap, model } = signals;
  const read = model.kind === "known" ? modelAttributes(model.signals) : {};
  return { [names.language]: cheap.language, ...read };
}

function modelAttributes(signals: ModelSignals): Loose {
  const { task, sentiment, intent } = signals;
  return {
    [names.task]: task.label,
    [names.taskScore]: task.confidence,
    [names.sentiment]: sentiment?.label,
    [names.sentimentScore]: sentiment?.confidence,
    [names.intent]: intent?.label,
    [names.intentScore]: intent?.confidence,
    [names.emotion]: signals.emotion,
    [names.uncertainty]: signals.uncertainty,
    [names.injection]: signals.injection,
    [names.difficulty]: signals.difficulty,
    [names.inScope]: signals.inScope,
  };
}
