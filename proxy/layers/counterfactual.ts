/** Tries a changed route on a call that was judged: the same signals, another policy, nothing sent; used by explain. */
import type { DecisionKind } from "../core/decision.ts";
import type { AnswerSpec, Condition, Route } from "../core/policy.ts";
import type { Judged } from "../core/received.ts";
import { speak, type AnswerParts } from "./answer.ts";
import { fresh } from "./deliberation.ts";

/** What a call comes to. */
export interface Outcome {
  readonly decision: DecisionKind;
  readonly route: string | null;
}

/** What `judged` would have come to had its policy this route in place of the one of its name. */
export async function outcomeWith(
  parts: AnswerParts,
  judged: Judged,
  changed: Route,
): Promise<Outcome> {
  const { reading, snapshot } = judged;
  if (reading.kind === "unread") return { decision: "forwarded", route: null };
  const routes = snapshot.policy.routes.map((route) =>
    route.name === changed.name ? changed : route,
  );
  const policy = { ...snapshot.policy, routes };
  const call = { ...judged, snapshot: { ...snapshot, policy } };
  const { signals } = judged;
  const next = await parts.deliberate(call, reading.view, { ...fresh, signals });
  const spoken = await speak(parts, { ...call, ...next, reason: next.judgement.reason });
  return outcomeOf(spoken.judged, spoken.answer !== null);
}

/** How a call ends that strategies answered or not. */
export function outcomeOf({ judgement }: Judged, isAnswered: boolean): Outcome {
  const route = judgement.route?.name ?? null;
  if (isAnswered) return { decision: "local", route };
  return { decision: judgement.route?.action.kind === "refuse" ? "refused" : "forwarded", route };
}

/** A route with another condition. */
export function withWhen(route: Route, when: Condition): Route {
  return { ...route, when };
}

/** An answering route with another answer. */
export function withAnswer(route: Route, answer: AnswerSpec): Route {
  return { ...route, action: { kind: "answer", answer } };
}
