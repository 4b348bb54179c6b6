/** explain: goes the whole way of a decision without calling anybody; for the command and the admin listener. */
import type { DecisionKind } from "../core/decision.ts";
import type { AccountAnswer } from "../core/ports.ts";
import { reasons, type ReasonCode } from "../core/reasons.ts";
import type { Judged, Received } from "../core/received.ts";
import type { RequestView } from "../core/request.ts";
import type { ModelSignals, Signals } from "../core/signals.ts";
import { speak, type AnswerParts } from "./answer.ts";
import { outcomeOf } from "./counterfactual.ts";
import { decideCall, type DecideParts } from "./decide.ts";
import { factsOf } from "./deliberation.ts";
import { headAccounts, type HeadAccount } from "./head-account.ts";
import { observing } from "./judged.ts";
import { matchAccounts, type RouteMatch } from "./match-accounts.ts";
import { routeAccounts, toldOf, type RouteAccount, type ToldCheck } from "./route-account.ts";

/** A decision laid open. */
export interface Explanation {
  readonly decision: DecisionKind;
  readonly reason: ReasonCode;
  /** The reason in a sentence. */
  readonly because: string;
  readonly route: string | null;
  /** The target a forwarding route names. */
  readonly target: string | null;
  readonly confidence: number | null;
  readonly complexity: number | null;
  /** The text that would be sent; null when the call is forwarded. */
  readonly answer: string | null;
  /** What would be done if the policy did not only observe; null otherwise. */
  readonly observed: ReasonCode | null;
  readonly signals: ExplainedSignals | null;
  /** What the model's heads say; empty when it was not asked. */
  readonly heads: readonly HeadAccount[];
  /** How the text stands to intents, FAQs and labels of the routes that were looked at. */
  readonly matches: readonly RouteMatch[];
  readonly trail: readonly ToldCheck[];
  /** The trail with what failed, and what would have changed the decision. */
  readonly routes: readonly RouteAccount[];
  readonly policy: string;
}

/** The signals without the embedding. */
export interface ExplainedSignals {
  readonly cheap: Signals["cheap"];
  readonly model: ModelSignals | { readonly failed: ReasonCode } | null;
}

/** What explaining asks for. */
export interface ExplainParts {
  readonly decide: DecideParts;
  readonly answer: AnswerParts;
  readonly account: AccountAnswer;
}

/** Explains one call. Throws nothing that decide and answer do not. */
export async function explain(parts: ExplainParts, received: Received): Promise<Explanation> {
  const judged = await decideCall(parts.decide, received);
  const spoken = await speak(parts.answer, judged, { isShown: true });
  const { judgement, reason, signals } = spoken.judged;
  const outcome = outcomeOf(spoken.judged, spoken.answer !== null);
  return {
    ...outcome,
    reason,
    because: reasons[reason],
    target: judgement.route?.action.kind === "forward" ? judgement.route.action.target : null,
    confidence: judgement.confidence,
    complexity: signals === null ? null : judgement.complexity,
    answer: spoken.answer?.text ?? null,
    observed: observing(spoken.judged),
    signals: signals === null ? null : shown(signals),
    ...(await accounts(parts, spoken.judged)),
    trail: judgement.trail.map(toldOf),
    policy: received.snapshot.policy.revision,
  };
}

type Accounts = Pick<Explanation, "heads" | "matches" | "routes">;

async function accounts(parts: ExplainParts, judged: Judged): Promise<Accounts> {
  const { reading, signals, judgement, snapshot } = judged;
  if (reading.kind === "unread" || signals === null) return { heads: [], matches: [], routes: [] };
  const looked = new Set(judgement.trail.map(({ route }) => route));
  const routes = snapshot.policy.routes.filter(({ name }) => looked.has(name));
  const call = callOf(judged, reading.view, signals);
  return {
    heads: headAccounts(signals, routes),
    matches: matchAccounts(call.context, routes),
    routes: await routeAccounts(parts, judged, call),
  };
}

function callOf(judged: Judged, view: RequestView, signals: Signals) {
  const facts = factsOf(judged, view, false);
  return {
    subject: { signals, facts, complexity: judged.judgement.complexity },
    context: { view, signals, snapshot: judged.snapshot },
  };
}

function shown(signals: Signals): ExplainedSignals {
  const { model, cheap } = signals;
  switch (model.kind) {
    case "unasked":
      return { cheap, model: null };
    case "failed":
      return { cheap, model: { failed: model.reason } };
    case "known":
      return { cheap, model: model.signals };
  }
}
