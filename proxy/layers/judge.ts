/** judge(): from signals and policy to a judgement, pure and synchronous, so that explain and replay give the same. */
import { probability, type Probability, type Score } from "../core/brand.ts";
import type { Facts, Judgement, RouteCheck } from "../core/decision.ts";
import type { AnswerSpec, Condition, Policy, Route } from "../core/policy.ts";
import type { ReasonCode } from "../core/reasons.ts";
import type { ModelSignals, Signals } from "../core/signals.ts";
import { check, scoredOf } from "./condition.ts";
import { checkLabel, readElse, readsElse } from "./label-route.ts";
import type { Check } from "./truth.ts";

/** From this probability on, a text counts as attacking instructions and gets no local answer. */
const injectionLimit = 0.5;

/** What is judged: one call's signals and facts under one policy. */
export interface Case {
  readonly signals: Signals;
  readonly facts: Facts;
  readonly policy: Policy;
  readonly complexity: Score;
}

/** A judgement before anybody has asked how complex the call is. */
export type RouteJudgement = Omit<Judgement, "complexity">;

/** The first route from index `from` on that matches; later calls go on after a route that declined. */
export function judge(given: Case, from = 0): RouteJudgement {
  const closed = closedReason(given);
  if (closed === "unknown") return { ...open(from, []), closed: null };
  return { ...search(given, closed, from), closed };
}

type Found = Omit<RouteJudgement, "closed">;

function search(given: Case, closed: ReasonCode | null, from: number): Found {
  const trail: RouteCheck[] = [];
  const { routes } = given.policy;
  for (let at = from; at < routes.length; at += 1) {
    const route = routes[at];
    if (route === undefined) continue;
    const result = checkRoute(route, given, closed);
    if (result.truth === "unknown") return open(at, trail);
    if (result.truth === "true") return matched(given, { route, at }, trail);
    trail.push({
      route: route.name,
      outcome: "passed",
      because: result.because,
      reason: result.reason,
      ...(result.unmet === undefined ? {} : { unmet: result.unmet }),
    });
  }
  return { ...ending(given, trail), route: null, at: routes.length };
}

/** Why no answering route may match at all; null when they may, unknown when the model must say first. */
function closedReason(given: Case): ReasonCode | null | "unknown" {
  const barrier = given.facts.view.barriers[0];
  if (barrier !== undefined) return barrier;
  for (const condition of given.policy.deny) {
    const { truth } = check(condition, given);
    if (truth === "unknown") return "unknown";
    // A deny rule that cannot be known counts as holding: silence is the safe side.
    if (truth === "true" || truth === "fault") return "denied_by_policy";
  }
  const { model } = given.signals;
  const injection = model.kind === "known" ? model.signals.injection : null;
  return injection !== null && injection >= injectionLimit ? "injection_suspected" : null;
}

/** One route's condition, and for an answering one whether it may answer this call at all. */
function checkRoute(route: Route, subject: Case, closed: ReasonCode | null): Check {
  if (route.action.kind !== "answer") return check(route.when, subject);
  const isClosed = closed !== null && !isUnfounded(closed, route, subject.signals);
  if (isClosed) return { truth: "false", because: "no local answer is allowed", reason: closed };
  const { answer } = route.action;
  const result =
    answer.kind === "label" ? checkLabel(route, answer, subject) : check(route.when, subject);
  if (result.truth !== "true") return result;
  if (readsElse(route, answer, subject)) return readElse;
  if (!answersByModel(answer, subject.policy) || isReadByFaq(route, subject.signals)) return result;
  return check(modelIsThere, subject);
}

/**
 * A text that the model does not read looks like an attack to it at random. Where a route answers nothing but
 * what the policy's own sentences say, no attack can stand in it.
 */
function isUnfounded(closed: ReasonCode, route: Route, signals: Signals): boolean {
  const model = knownModel(signals);
  if (closed !== "injection_suspected" || model === null || model.isReadable) return false;
  if (isReadByFaq(route, signals)) return true;
  if (asksFor("task", route.when) && model.taskBy === "rule") return true;
  return asksFor("intent", route.when) && model.intent?.by === "characters";
}

/** Whether a condition never holds without this one. */
function asksFor(kind: "task" | "intent", condition: Condition): boolean {
  if (condition.kind === "all") return condition.of.some((part) => asksFor(kind, part));
  return condition.kind === kind;
}

/** A FAQ compares Japanese by its characters, whatever the model reads. */
function isReadByFaq(route: Route, signals: Signals): boolean {
  const isFaq = route.action.kind === "answer" && route.action.answer.kind === "faq";
  return isFaq && knownModel(signals)?.isByCharacters === true;
}

/** Holds for every text the model can read; asks for the model when it was not asked. */
const modelIsThere: Condition = { kind: "in_scope", is: { op: ">=", value: 0 } };

function answersByModel(answer: AnswerSpec, policy: Policy): boolean {
  switch (answer.kind) {
    case "template":
      return false;
    case "faq":
      return true;
    case "label":
      return answer.head !== "language";
    case "generate":
      // A generated text comes from a model of its own; ours, if there is one, reads the call for attacks.
      return policy.model !== null;
  }
}

function open(at: number, trail: readonly RouteCheck[]): Found {
  const base = { reason: "no_route_matched", confidence: null, trail } as const;
  return { ...base, route: null, at, needsModel: true };
}

function matched(given: Case, found: { route: Route; at: number }, trail: RouteCheck[]): Found {
  const { route, at } = found;
  const whole: RouteCheck = { route: route.name, outcome: "matched", because: null, reason: null };
  const base = ending(given, trail);
  const reason = isCatchAll(route) ? base.reason : reasonOf(route);
  const confidence = confidenceOf(given.signals, route.when) ?? base.confidence;
  return { ...base, route, at, reason, confidence, trail: [...trail, whole] };
}

const answeredBy = {
  template: "answered_template",
  faq: "answered_faq",
  label: "answered_label",
  generate: "answered_generated",
} as const;

function reasonOf(route: Route): ReasonCode {
  switch (route.action.kind) {
    case "answer":
      return answeredBy[route.action.answer.kind];
    case "forward":
      return "route_forward";
    case "refuse":
      return "refused_by_policy";
  }
}

/** A route that forwards everything as the caller meant it: the reason worth telling is why nothing before it matched. */
function isCatchAll(route: Route): boolean {
  const { action, when } = route;
  if (action.kind !== "forward" || action.target !== null) return false;
  return when.kind === "all" && when.of.length === 0;
}

function ending(given: Case, trail: readonly RouteCheck[]): Omit<Found, "route" | "at"> {
  const model = knownModel(given.signals);
  return {
    reason: nearest(trail, given.policy.routes),
    needsModel: false,
    confidence: model?.task.confidence ?? null,
    trail,
  };
}

/** Reasons that say most, first; a route that was about another kind of call gives none. */
const telling: readonly ReasonCode[] = [
  "injection_suspected",
  "language_unknown",
  "guard_mismatch",
  "above_max_wrong",
  "below_confidence",
  "too_complex",
  "history_not_allowed",
  "system_not_listed",
];

/** Why no route answered says more than why none of the others forwarded. */
function nearest(trail: readonly RouteCheck[], routes: readonly Route[]): ReasonCode {
  const all = reasonsIn(trail);
  const hard = all.find((reason) => !telling.includes(reason));
  if (hard !== undefined) return hard;
  const answering = new Set(
    routes.filter(({ action }) => action.kind === "answer").map(({ name }) => name),
  );
  const near = reasonsIn(trail.filter(({ route }) => answering.has(route)));
  return mostTelling(near) ?? mostTelling(all) ?? "no_route_matched";
}

function reasonsIn(trail: readonly RouteCheck[]): readonly ReasonCode[] {
  return trail.map((step) => step.reason).filter((reason) => reason !== null);
}

function mostTelling(given: readonly ReasonCode[]): ReasonCode | undefined {
  return telling.find((reason) => given.includes(reason));
}

function knownModel(signals: Signals): ModelSignals | null {
  return signals.model.kind === "known" ? signals.model.signals : null;
}

/** The calibrated confidence that a route's own condition speaks of; null when it speaks of none. */
function confidenceOf(signals: Signals, when: Condition): Probability | null {
  const model = knownModel(signals);
  const kind = scoreNamed(when);
  if (model === null || kind === null) return null;
  return scoredOf(kind, model)?.confidence ?? probability(0);
}

function scoreNamed(condition: Condition): "task" | "intent" | "sentiment" | null {
  switch (condition.kind) {
    case "task":
    case "intent":
    case "sentiment":
      return condition.kind;
    case "confidence":
    case "max_wrong":
      return condition.of;
    case "all":
    case "any": {
      const named = condition.of.map(scoreNamed).filter((kind) => kind !== null);
      return named[0] ?? null;
    }
    default:
      return null;
  }
}
