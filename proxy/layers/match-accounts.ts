/** How a call's text stands to the sentences of intents, FAQs and labels; used by explain. */
import type { Route } from "../core/policy.ts";
import type { AnswerContext, FaqIndex, IntentScorer, MatchAccount } from "../core/ports.ts";
import type { Snapshot } from "../core/received.ts";
import { boundAccounts, type BoundAccount } from "./head-account.ts";

/** One comparison, with the bounds that routes put on it. */
export interface RouteMatch extends MatchAccount {
  /** What was compared with: the policy's intents, a FAQ file, or a route's own labels. */
  readonly with: "intents" | "faq" | "labels";
  /** The FAQ's file, or the route whose labels these are; null for intents. */
  readonly name: string | null;
  readonly bounds: readonly BoundAccount[];
}

/** The comparisons that `routes` ask for; empty when the model was not asked. */
export function matchAccounts(
  { view, signals, snapshot }: AnswerContext,
  routes: readonly Route[],
): readonly RouteMatch[] {
  if (signals.model.kind !== "known") return [];
  const { embedding } = signals.model.classification;
  const asked = { text: signals.part?.text ?? view.text, embedding };
  const intents = compared(snapshot.intents, asked, { routes, of: "intent" });
  const found = routes.map((route) => ofRoute(route, snapshot, asked));
  return [
    intents === null ? null : ({ ...intents, with: "intents", name: null } as const),
    ...found,
  ].filter((match) => match !== null);
}

interface Asked {
  readonly text: string;
  readonly embedding: Float32Array;
}

function ofRoute(route: Route, snapshot: Snapshot, asked: Asked): RouteMatch | null {
  if (route.action.kind !== "answer") return null;
  const { answer } = route.action;
  const routes = [route];
  if (answer.kind === "faq") {
    const { file } = answer;
    const match = compared(snapshot.faqs.get(file), asked, { routes, of: file });
    return match === null ? null : { ...match, with: "faq", name: file };
  }
  if (answer.kind !== "label" || answer.own === null) return null;
  const match = compared(snapshot.labels.get(answer.own), asked, { routes, of: answer.head });
  return match === null ? null : { ...match, with: "labels", name: route.name };
}

function compared(
  by: IntentScorer | FaqIndex | null | undefined,
  { text, embedding }: Asked,
  { routes, of }: { readonly routes: readonly Route[]; readonly of: string },
): (MatchAccount & { readonly bounds: readonly BoundAccount[] }) | null {
  const account = by?.account(text, embedding) ?? null;
  if (account === null) return null;
  const { name: label, confidence, wrong } = account.best;
  return { ...account, bounds: boundAccounts(routes, of, { label, confidence, wrong }) };
}
