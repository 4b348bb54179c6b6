/** Signals, then judge(), then the model only if a route needs it; used by decide and, after a decline, by answer. */
import type { Facts, Judgement } from "../core/decision.ts";
import { headerValue } from "../core/http.ts";
import type { Classifier, SignalReaders } from "../core/ports.ts";
import type { Route } from "../core/policy.ts";
import type { Received } from "../core/received.ts";
import type { RequestView } from "../core/request.ts";
import type { CheapSignals, ModelPart, Signals } from "../core/signals.ts";
import { judge } from "./judge.ts";

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
    };
    const first = judged(parts, { received, signals, facts }, start.from);
    if (!first.needsModel) return { judgement: first, signals };
    const text = classifiedText(view, policy.routes[first.at]);
    const asked = { cheap: signals.cheap, model: await ask(parts, received, text, signals.cheap) };
    return {
      judgement: judged(parts, { received, signals: asked, facts }, start.from),
      signals: asked,
    };
  };
}

function factsOf(received: Received, view: RequestView, isOutage: boolean): Facts {
  const lines = received.head.headers;
  return { view, isOutage, header: (name) => headerValue(lines, name) };
}

interface Known {
  readonly received: Received;
  readonly signals: Signals;
  readonly facts: Facts;
}

function judged(parts: DeliberationParts, known: Known, from: number): Judgement {
  const { signals, facts } = known;
  const { policy } = known.received.snapshot;
  const complexity = parts.signals.complexityOf(signals, policy);
  return judge({ signals, facts, policy, complexity }, from);
}

/** A label route may say where in the user's turn the text to classify begins. */
function classifiedText(view: RequestView, route: Route | undefined): string {
  const action = route?.action;
  const after =
    action?.kind === "answer" && action.answer.kind === "label" ? action.answer.after : null;
  const mark = after === null ? -1 : view.text.indexOf(after);
  return after === null || mark < 0 ? view.text : view.text.slice(mark + after.length).trim();
}

async function ask(
  parts: DeliberationParts,
  received: Received,
  text: string,
  cheap: CheapSignals,
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
