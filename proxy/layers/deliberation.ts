/** Signals, then judge(), then the model only if a route needs it; used by decide and, after a decline, by answer. */
import { score, type Score } from "../core/brand.ts";
import type { Facts, Judgement } from "../core/decision.ts";
import { headerValue } from "../core/http.ts";
import type { Policy } from "../core/policy.ts";
import type { Classifier, SignalReaders } from "../core/ports.ts";
import { callerName, type Received } from "../core/received.ts";
import type { RequestView } from "../core/request.ts";
import type { CheapSignals, ModelPart, Signals, TextPart } from "../core/signals.ts";
import { judge, type Case, type RouteJudgement } from "./judge.ts";
import { partToRead } from "./label-route.ts";

/** A judgement with the signals it rests on; null where it rests on none. */
export interface Deliberated {
  readonly judgement: Judgement;
  readonly signals: Signals | null;
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
  /** Whether signals are read that no route asks for, as whoever wants an explanation does. */
  readonly readsAll: boolean;
}

/** Binds model and signals; one inference at most per call, however often it is judged. */
export function deliberation(parts: DeliberationParts): Deliberate {
  return async (received, view, start) => {
    const { policy } = received.snapshot;
    const facts = factsOf(received, view, start.isOutage);
    const read = start.signals ?? new Unread(() => parts.signals.readCheap(view, policy));
    const known = { received, signals: read, facts };
    const first = judged(parts, known, start.from);
    if (!first.needsModel) return withoutModel(parts, known, first);
    const part = partOf(parts, known, partToRead(caseOf(parts, known), start.from));
    const { cheap } = read;
    const model = await ask(parts, received, part ?? { text: view.text, cheap });
    const signals = { cheap, part, model };
    const second = judged(parts, { received, signals, facts }, start.from);
    return { judgement: weighed(parts, received, second, signals), signals };
  };
}

/** Signals before any was asked for: the cheap ones are read when a condition first asks. */
class Unread implements Signals {
  readonly model = { kind: "unasked" } as const;
  readonly #read: () => CheapSignals;
  #cheap: CheapSignals | null = null;

  constructor(read: () => CheapSignals) {
    this.#read = read;
  }

  get cheap(): CheapSignals {
    this.#cheap ??= this.#read();
    return this.#cheap;
  }

  get isRead(): boolean {
    return this.#cheap !== null;
  }
}

/** Only what was asked for is worth its time, but an answer is made from the signals whatever its route asked. */
function withoutModel(
  parts: DeliberationParts,
  known: Known,
  judgement: RouteJudgement,
): Deliberated {
  const { signals, received } = known;
  const isWanted = parts.readsAll || judgement.route?.action.kind === "answer";
  if (signals instanceof Unread && !signals.isRead && !isWanted) {
    return { judgement: { ...judgement, complexity: score(0) }, signals: null };
  }
  const whole = withLabelPart(parts, known, judgement);
  return { judgement: weighed(parts, received, judgement, whole), signals: whole };
}

function weighed(
  parts: DeliberationParts,
  { snapshot }: Received,
  judgement: RouteJudgement,
  signals: Signals,
): Judgement {
  return { ...judgement, complexity: parts.signals.complexityOf(signals, snapshot.policy) };
}

/** A label that needs no model is read off the call's text, too. */
function withLabelPart(
  parts: DeliberationParts,
  known: Known,
  { route, at }: RouteJudgement,
): Signals {
  const { cheap, model, part = null } = known.signals;
  const isLabel = route?.action.kind === "answer" && route.action.answer.kind === "label";
  if (!isLabel || model.kind !== "unasked") return { cheap, model, part };
  const text = partToRead(caseOf(parts, known), at);
  return { cheap, model, part: partOf(parts, known, text) };
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
  const caller = callerName(received.caller);
  return { view, isOutage, caller, header: (name) => headerValue(lines, name) };
}

interface Known {
  readonly received: Received;
  readonly signals: Signals;
  readonly facts: Facts;
}

function judged(parts: DeliberationParts, known: Known, from: number): RouteJudgement {
  return judge(caseOf(parts, known), from);
}

function caseOf(parts: DeliberationParts, known: Known): Case {
  return new KnownCase(known, parts.signals);
}

/**
 * Complexity is computed when a condition asks for it. Not a literal with a getter: each of those leaves an
 * old shape behind that holds on to the call.
 */
class KnownCase implements Case {
  readonly signals: Signals;
  readonly facts: Facts;
  readonly policy: Policy;
  readonly #readers: SignalReaders;

  constructor({ signals, facts, received }: Known, readers: SignalReaders) {
    this.signals = signals;
    this.facts = facts;
    this.policy = received.snapshot.policy;
    this.#readers = readers;
  }

  get complexity(): Score {
    return this.#readers.complexityOf(this.signals, this.policy);
  }
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
