/** Signals, then judge(), then the model only if a route needs it; used by decide and, after a decline, by answer. */
import type { Facts, Judgement } from "../core/decision.ts";
import { headerValue } from "../core/http.ts";
import type { Classifier, SignalReaders } from "../core/ports.ts";
import type { Received } from "../core/received.ts";
import type { RequestView } from "../core/request.ts";
import type { ModelPart, Signals, TextPart } from "../core/signals.ts";
import { judge, type Case } from "./judge.ts";
import { partToRead } from "./label-route.ts";

/** A judgement with the signals it rests on. */
export interface Deliberated {
  readonly judgement: Judgement;
  readonly signals: Signals;
}

/** Where to begin: the first route for a fresh call, or after a route that declined. */
export interface Start {
  readonly from: number;
  /** Signals already read; null reads them. */
  readonly signals: Signals | null;
  readonly isOutage: boolean;
}

/** A fresh call's start. */
export const fresh: Start = { from: 0, signals: null, isOutage: false };

/** Judges a call that has a view. */
export type Deliberate = (
  received: Received,
  view: RequestView,
  start: Start,
) => Promise<Deliberated>;

/** What deliberation asks for. */
export interface DeliberationParts {
  readonly classifier: Classifier;
  readonly signals: SignalReaders;
}

/** Binds model and signals; one inference at most per call, however often it is judged. */
export function deliberation(parts: DeliberationParts): Deliberate {
  return async (received, view, start) => {
    const { policy } = received.snapshot;
    const facts = factsOf(received, view, start.isOutage);
    const signals = start.signals ?? {
      cheap: parts.signals.readCheap(view, policy),
      model: { kind: "unasked" },
      part: null,
    };
    const known = { received, signals, facts };
    const first = judged(parts, known, start.from);
    if (!first.needsModel) {
      return { judgement: first, signals: withLabelPart(parts, known, first) };
    }
    const part = partOf(parts, known, partToRead(caseOf(parts, known), start.from));
    const model = await ask(parts, received, part ?? { text: view.text, cheap: signals.cheap });
    const asked = { cheap: signals.cheap, part, model };
    return {
      judgement: judged(parts, { received, signals: asked, facts }, start.from),
      signals: asked,
    };
  };
}

/** A label that needs no model is read off the call's text, too. */
function withLabelPart(parts: DeliberationParts, known: Known, judgement: Judgement): Signals {
  const { signals } = known;
  const action = judgement.route?.action;
  if (action?.kind !== "answer" || action.answer.kind !== "label") return signals;
  if (signals.model.kind !== "unasked") return signals;
  const text = partToRead(caseOf(parts, known), judgement.at);
  return { ...signals, part: partOf(parts, known, text) };
}

/** Measures of the part alone: its language is not that of the instructions around it. */
function partOf(
  parts: DeliberationParts,
  { signals, facts, received }: Known,
  text: string | null,
): TextPart | null {
  const { view } = facts;
  if (text === null) return null;
  if (text === view.text) return { text, cheap: signals.cheap };
  const turns = [{ role: "user", text }] as const;
  const { policy } = received.snapshot;
  return { text, cheap: parts.signals.readCheap({ ...view, text, turns }, policy) };
}

/** What judge() looks at of a call besides its signals. */
export function factsOf(received: Received, view: RequestView, isOutage: boolean): Facts {
  const lines = received.head.headers;
  return { view, isOutage, header: (name) => headerValue(lines, name) };
}

interface Known {
  readonly received: Received;
  readonly signals: Signals;
  readonly facts: Facts;
}

function judged(parts: DeliberationParts, known: Known, from: number): Judgement {
  return judge(caseOf(parts, known), from);
}

function caseOf(parts: DeliberationParts, { received, signals, facts }: Known): Case {
  const { policy } = received.snapshot;
  return { signals, facts, policy, complexity: parts.signals.complexityOf(signals, policy) };
}

async function ask(
  parts: DeliberationParts,
  received: Received,
  { text, cheap }: TextPart,
): Promise<ModelPart> {
  const { policy, intents } = received.snapshot;
  const deadlineMs = performance.now() + policy.limits.decisionMs;
  const result = await parts.classifier.classify(text, deadlineMs);
  if ("kind" in result) return { kind: "failed", reason: result.reason };
  const context = { cheap, policy, intents, text };
  return {
    kind: "known",
    classification: result,
    signals: parts.signals.readModel(result, context),
  };
}
