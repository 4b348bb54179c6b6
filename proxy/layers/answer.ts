/** answer: lets the judged route's strategy speak; when it declines, later routes are judged, and at last forward. */
import type { DecisionKind, Judgement } from "../core/decision.ts";
import { SidestepError } from "../core/errors.ts";
import type { Layer, Step } from "../core/layer.ts";
import type { Route } from "../core/policy.ts";
import type { Answerer, Recorder } from "../core/ports.ts";
import type { ReasonCode } from "../core/reasons.ts";
import type { Judged } from "../core/received.ts";
import type { Answer, Reply } from "../core/reply.ts";
import type { RequestView } from "../core/request.ts";
import { costOf, priceOf } from "../policy/prices.ts";
import type { Deliberate } from "./deliberation.ts";
import { observing, unobserved, verdictOf } from "./judged.ts";
import { comparedReply, isDrawn, verified, type Checked, type VerifyParts } from "./verify.ts";

/** What answer asks for. */
export interface AnswerParts {
  readonly answers: Answerer;
  readonly deliberate: Deliberate;
  readonly faults: Pick<Recorder, "fault">;
}

/** What the strategies came to: an answer, a refusal, or neither, with the call as judged last. */
export interface Spoken {
  readonly judged: Judged;
  readonly answer: Answer | null;
}

/** The layer that answers locally. */
export function answer(parts: AnswerParts, verify: VerifyParts): Layer<Judged> {
  return (inner) => (judged) =>
    isForwarded(judged) ? inner(judged) : answeredOr(parts, verify, { inner, judged });
}

/** What its route forwards, and nobody only observes, is no business of ours. */
function isForwarded(judged: Judged): boolean {
  const kind = judged.judgement.route?.action.kind ?? "forward";
  return kind === "forward" && observing(judged) === null;
}

async function answeredOr(
  parts: AnswerParts,
  verify: VerifyParts,
  { inner, judged }: { readonly inner: Step<Judged>; readonly judged: Judged },
): Promise<Reply> {
  const spoken = await speakSafely(parts, judged);
  const held = observing(spoken.judged) ?? suspension(verify, spoken);
  const decision = decisionOf(spoken);
  if (decision === "forwarded" && held === null) return inner(spoken.judged);
  const checked = drawn(verify, spoken);
  if (held !== null) {
    const reply = await inner(observed(spoken.judged, decision, held));
    return checked === null ? reply : verified(verify, spoken.judged, checked, reply);
  }
  if (checked === null) return replyOf(spoken);
  const random = observed(spoken.judged, decision, "random_cloud");
  const reply = await comparedReply(verify, inner, { judged: random, checked });
  return reply ?? replyOf(spoken);
}

function suspension(
  { agreement }: VerifyParts,
  { judged, answer: said }: Spoken,
): ReasonCode | null {
  const { route } = judged.judgement;
  return said !== null && route !== null && agreement.isSuspended(route) ? "agreement_low" : null;
}

/** The answer, if it is one of those that are compared; of a call that is only observed a generated one has no text. */
function drawn(verify: VerifyParts, { judged, answer: said }: Spoken): Checked | null {
  const { route } = judged.judgement;
  if (said === null || route === null || said.text === "") return null;
  return isDrawn(verify, route) ? { route, answer: said } : null;
}

/** How strategies are asked. */
interface Manner {
  readonly isOutage?: boolean;
  /** Whether the text is wanted also of a call that is only observed. */
  readonly isShown?: boolean;
}

/** Runs strategies until one answers or no answering route is left; also used by explain and in outages. */
export async function speak(
  parts: AnswerParts,
  judged: Judged,
  { isOutage = false, isShown = false }: Manner = {},
): Promise<Spoken> {
  let current = judged;
  const { reading } = judged;
  if (reading.kind === "unread") return { judged, answer: null };
  for (;;) {
    const { route } = current.judgement;
    if (route?.action.kind !== "answer") return { judged: current, answer: null };
    const isRehearsal = !isShown && observing(current) !== null;
    const said = await sayOne(parts, current, { route, view: reading.view, isRehearsal });
    if (said.kind === "answer") return { judged: said.judged, answer: said.answer };
    const start = { from: current.judgement.at + 1, signals: current.signals, isOutage };
    const next = await parts.deliberate(current, reading.view, start);
    current = declined(current, said.reason, next);
  }
}

type Spoke =
  | { readonly kind: "answer"; readonly answer: Answer; readonly judged: Judged }
  | { readonly kind: "decline"; readonly reason: ReasonCode };

interface Asked {
  readonly route: Route;
  readonly view: RequestView;
  readonly isRehearsal: boolean;
}

async function sayOne(
  parts: AnswerParts,
  judged: Judged,
  { route, view, isRehearsal }: Asked,
): Promise<Spoke> {
  if (route.action.kind !== "answer" || judged.signals === null) {
    return { kind: "decline", reason: "fault_contained" };
  }
  const { signals, snapshot, signal } = judged;
  const context = { view, signals, snapshot, signal, isRehearsal };
  const said = await parts.answers.answerWith(route.action.answer, context);
  if (said.kind === "decline") return said;
  const confidence = said.confidence ?? judged.judgement.confidence;
  const judgement = { ...judged.judgement, confidence };
  return {
    kind: "answer",
    answer: said.answer,
    judged: { ...judged, judgement, reason: said.reason },
  };
}

/** The call judged again, with the declined route in its trail; the first decline stays the reason told. */
function declined(
  before: Judged,
  reason: ReasonCode,
  next: { readonly judgement: Judgement; readonly signals: Judged["signals"] },
): Judged {
  const name = before.judgement.route?.name ?? "";
  const earlier = before.judgement.trail.slice(0, -1);
  const step = { route: name, outcome: "declined", because: null, reason } as const;
  const judgement = { ...next.judgement, trail: [...earlier, step, ...next.judgement.trail] };
  const forwards = judgement.route === null || judgement.reason !== "route_forward";
  const isAnswering = judgement.route?.action.kind === "answer";
  const told = forwards && !isAnswering ? (firstDecline(judgement) ?? reason) : judgement.reason;
  return { ...before, judgement, signals: next.signals, reason: told };
}

function firstDecline(judgement: Judgement): ReasonCode | null {
  return judgement.trail.find((step) => step.outcome === "declined")?.reason ?? null;
}

async function speakSafely(parts: AnswerParts, judged: Judged): Promise<Spoken> {
  try {
    return await speak(parts, judged);
  } catch (fault) {
    parts.faults.fault("answer", fault);
    const judgement = { ...judged.judgement, route: null };
    return { judged: { ...judged, judgement, reason: "fault_contained" }, answer: null };
  }
}

function decisionOf(spoken: Spoken): DecisionKind {
  if (spoken.answer !== null) return "local";
  return spoken.judged.judgement.route?.action.kind === "refuse" ? "refused" : "forwarded";
}

function observed(judged: Judged, decision: DecisionKind, reason: ReasonCode): Judged {
  const route = judged.judgement.route?.name ?? null;
  const would = { decision, reason: judged.reason, route };
  return { ...judged, judgement: { ...judged.judgement, route: null }, reason, would };
}

function replyOf(spoken: Spoken): Reply {
  const { judged } = spoken;
  if (spoken.answer !== null) return answered(judged, spoken.answer, judged.reason);
  const action = judged.judgement.route?.action;
  const details =
    action?.kind === "refuse" ? { status: action.status, sentence: action.message } : {};
  return {
    kind: "error",
    error: new SidestepError("sidestep_refused_by_policy", "", details),
    retryAfterSeconds: null,
    verdict: verdictOf(judged, "refused", "refused_by_policy"),
    ended: unobserved,
  };
}

/** A local answer's reply, with what the cloud would have charged for it. */
export function answered(judged: Judged, spoken: Answer, reason: ReasonCode): Reply {
  const savedUsd = savedBy(judged, spoken);
  const verdict = verdictOf(judged, "local", reason, { costUsd: 0, savedUsd });
  return { kind: "answer", answer: spoken, verdict, ended: unobserved };
}

function savedBy(judged: Judged, spoken: Answer): number | null {
  const { reading, snapshot } = judged;
  if (reading.kind === "unread") return null;
  const { view } = reading;
  const price = priceOf(snapshot.policy.prices, view.model);
  if (price === null) return null;
  return costOf(price, spoken.usage);
}
