/** What a settled record tells of its own decision, without the call's content: bounds kept and missed, and what would have flipped it; for the page. */
import { score } from "../core/brand.ts";
import type { DecisionRecord, RouteCheck } from "../core/decision.ts";
import type { Bound, Condition, Policy, Route } from "../core/policy.ts";
import type { IntentScore, Signals } from "../core/signals.ts";
import type { RequestView } from "../core/request.ts";
import { isWithin, written } from "./bounds.ts";
import { check, type Subject } from "./condition.ts";
import {
  boundAccounts,
  headAccounts,
  type BoundAccount,
  type HeadAccount,
} from "./head-account.ts";
import { leaf, measureOf, type Change } from "./remedy.ts";
import { toldOf, type FailedAccount, type ToldCheck } from "./route-account.ts";

/** A number of the call beside the bound that a route puts on it. */
export interface MeasuredBound {
  readonly key: string;
  readonly value: number;
  readonly limit: number;
  /** As the policy writes it. */
  readonly bound: string;
  readonly isMet: boolean;
}

/** One route of the trail. */
export interface CallRoute extends ToldCheck {
  readonly bounds: readonly MeasuredBound[];
  readonly failed: readonly FailedAccount[];
  /** Bounds with which the route's conditions would have held, or for the matched one would not have. */
  readonly change: { readonly changes: readonly Change[]; readonly because: string } | null;
}

/** A recorded call laid open. */
export interface CallAccount {
  /** False when the policy that decided is not remembered any more: then routes have no bounds. */
  readonly isPolicyKnown: boolean;
  readonly heads: readonly HeadAccount[];
  readonly intent: (IntentScore & { readonly bounds: readonly BoundAccount[] }) | null;
  readonly routes: readonly CallRoute[];
}

/** The account of a record that `policy` decided; null when that policy is not at hand. */
export function callAccount(record: DecisionRecord, policy: Policy | null): CallAccount {
  const { signals, trail } = record.verdict;
  const isPolicyKnown = policy !== null;
  if (signals === null) return { isPolicyKnown, heads: [], intent: null, routes: [] };
  const looked = new Set(trail.map(({ route }) => route));
  const routes = policy?.routes.filter(({ name }) => looked.has(name)) ?? [];
  const subject = subjectOf(record, signals);
  return {
    isPolicyKnown,
    heads: headAccounts(signals, routes),
    intent: intentOf(signals, routes),
    routes: trail.map((step) => {
      const route = routes.find(({ name }) => name === step.route) ?? null;
      return routeOf(step, route, subject);
    }),
  };
}

function intentOf({ model }: Signals, routes: readonly Route[]): CallAccount["intent"] {
  if (model.kind !== "known" || model.signals.intent === null) return null;
  const { intent } = model.signals;
  return { ...intent, bounds: boundAccounts(routes, "intent", intent) };
}

function routeOf(step: RouteCheck, route: Route | null, subject: Subject): CallRoute {
  const unmet = step.unmet ?? [];
  return {
    ...toldOf(step),
    bounds: route === null ? [] : boundsOf(route, subject),
    failed: unmet.map((condition) => failedOf(condition, subject)),
    change: step.outcome === "matched" ? letGo(route, subject) : widened(unmet, subject),
  };
}

function boundsOf(route: Route, subject: Subject): readonly MeasuredBound[] {
  return leavesOf(route.when)
    .filter((condition) => !isOfDialogue(condition, route))
    .flatMap((condition) => {
      const measured = measureOf(condition, subject);
      if (measured === null) return [];
      const { value, bound } = measured;
      const isMet = isWithin(value, bound);
      return [
        { key: condition.kind, value, limit: bound.value, bound: told(condition, bound), isMet },
      ];
    });
}

/** Whether turns of a label call are its history or its examples cannot be told without its content. */
function isOfDialogue({ kind }: Condition, { action }: Route): boolean {
  return kind === "turns" && action.kind === "answer" && action.answer.kind === "label";
}

function leavesOf(condition: Condition): readonly Condition[] {
  switch (condition.kind) {
    case "all":
    case "any":
      return condition.of.flatMap(leavesOf);
    case "not":
      return leavesOf(condition.of);
    default:
      return [condition];
  }
}

function failedOf(condition: Condition, subject: Subject): FailedAccount {
  const measured = measureOf(condition, subject);
  return {
    key: condition.kind,
    because: sentenceOf(condition, subject),
    value: measured?.value ?? null,
    wanted: measured === null ? null : told(condition, measured.bound),
  };
}

function told({ kind }: Condition, bound: Bound): string {
  return written(bound, kind === "max_wrong");
}

/** In the words of the trail. What only the content could tell anew is told by what is known of it: it did not hold. */
function sentenceOf(condition: Condition, subject: Subject): string {
  switch (condition.kind) {
    case "text":
      return "the text does not match";
    case "system":
      return "the system prompt is not listed";
    case "header":
      return `header ${condition.name} is not as wanted`;
    case "tools":
    case "outage":
      return `${condition.kind} is ${!condition.is}`;
    case "any":
      return "none of the alternatives holds";
    case "not":
      return "an excluded condition holds";
    default:
      return check(condition, subject).because ?? condition.kind;
  }
}

/** All conditions that were unmet are bounds, or nothing is told. */
function widened(unmet: readonly Condition[], subject: Subject): CallRoute["change"] {
  const changes = unmet.map((condition) => leaf(condition, subject, "true")?.changes ?? null);
  if (changes.length === 0 || changes.includes(null)) return null;
  const made = changes.flatMap((change) => change ?? []);
  return { changes: made, because: `with ${setting(made)} its conditions would have held` };
}

/** The bound that is nearest to not being kept. */
function letGo(route: Route | null, subject: Subject): CallRoute["change"] {
  if (route === null || route.when.kind !== "all") return null;
  const [nearest] = route.when.of
    .filter((condition) => !isOfDialogue(condition, route))
    .map((condition) => leaf(condition, subject, "false"))
    .filter((made) => made !== null)
    .toSorted((one, other) => one.slack - other.slack);
  if (nearest === undefined) return null;
  const { changes } = nearest;
  return { changes, because: `with ${setting(changes)} this route would not have matched` };
}

function setting(changes: readonly Change[]): string {
  return changes
    .map(({ key, to }) => (key === "system" ? `${key}: ${to}` : `${key} ${to}`))
    .join(" and ");
}

/** The call as conditions see it, as far as the record goes. */
function subjectOf(record: DecisionRecord, signals: Signals): Subject {
  const facts = {
    view: viewOf(record),
    header: () => undefined,
    isOutage: false,
    caller: record.caller,
  };
  return { signals, facts, complexity: record.verdict.complexity ?? score(0) };
}

function viewOf({ protocol, model, stream }: DecisionRecord): RequestView {
  return {
    protocol: protocol ?? "openai-chat",
    model: model ?? "",
    stream,
    includeUsage: false,
    system: null,
    turns: [],
    text: "",
    format: { kind: "text" },
    maxTokens: null,
    user: null,
    metadataUserId: null,
    hasTools: false,
    barriers: [],
    body: {},
  };
}
