/** For each route that was looked at: which conditions failed, and the change of the policy that would have changed the decision, tried; used by explain. */
import type { RouteCheck } from "../core/decision.ts";
import type { AnswerSpec, Condition, Route } from "../core/policy.ts";
import type { AccountAnswer, AnswerAccount, AnswerContext } from "../core/ports.ts";
import type { Judged } from "../core/received.ts";
import type { AnswerParts } from "./answer.ts";
import { narrowed, widened } from "./answer-remedy.ts";
import { down, isWithin, written } from "./bounds.ts";
import { boundsOf } from "./head-account.ts";
import { check, type Subject } from "./condition.ts";
import { outcomeWith, withAnswer, withWhen, type Outcome } from "./counterfactual.ts";
import { subjectFor } from "./label-route.ts";
import { measureOf, turned, type Change, type Turned } from "./remedy.ts";

/** A condition that did not hold. */
export interface FailedAccount {
  readonly key: string;
  readonly because: string;
  /** What the call has and what the route wants; null where it is no number. */
  readonly value: number | null;
  readonly wanted: string | null;
}

/** A change of one route that was tried on this call, and what came of it. */
export interface ChangeAccount {
  readonly changes: readonly Change[];
  readonly outcome: Outcome;
  readonly because: string;
}

/** A step of the trail as it is told. */
export type ToldCheck = Omit<RouteCheck, "unmet">;

/** One route of the trail. */
export interface RouteAccount extends ToldCheck {
  readonly failed: readonly FailedAccount[];
  /** For a route that did not take the call what would have made it; for the one that did, what would have kept it from it. */
  readonly change: ChangeAccount | null;
}

/** What the accounts are made from. */
export interface AccountParts {
  readonly answer: AnswerParts;
  readonly account: AccountAnswer;
}

/** The call as conditions and as strategies see it. */
export interface AccountedCall {
  readonly subject: Subject;
  readonly context: AnswerContext;
}

/** The trail, route by route; every change in it was tried. */
export async function routeAccounts(
  parts: AccountParts,
  judged: Judged,
  call: AccountedCall,
): Promise<readonly RouteAccount[]> {
  const accounts: RouteAccount[] = [];
  for (const step of judged.judgement.trail) {
    const route = judged.snapshot.policy.routes.find(({ name }) => name === step.route);
    if (route === undefined) continue;
    const subject = subjectFor(route, call.subject);
    const looked = { route, step, subject, context: call.context };
    const failed = failedOf(parts, looked);
    const ways = waysOf(parts, looked);
    const change = await firstThatWorks(parts, judged, { route, step, ways });
    accounts.push({ ...toldOf(step), failed, change });
  }
  return accounts;
}

/** The step in words, without the policy's own conditions. */
export function toldOf({ route, outcome, because, reason }: RouteCheck): ToldCheck {
  return { route, outcome, because, reason };
}

interface Looked {
  readonly route: Route;
  readonly step: RouteCheck;
  readonly subject: Subject;
  readonly context: AnswerContext;
}

function failedOf(parts: AccountParts, looked: Looked): readonly FailedAccount[] {
  const { route, step, subject, context } = looked;
  if (step.outcome === "passed") return failedIn(route.when, subject, context);
  if (step.outcome === "matched" || route.action.kind !== "answer") return [];
  const { answer } = route.action;
  const account = parts.account(answer, context);
  return account === null ? [] : failedAnswer(answer, account);
}

function failedIn(
  condition: Condition,
  subject: Subject,
  context: AnswerContext,
): readonly FailedAccount[] {
  const { truth, because, reason } = check(condition, subject);
  if (truth !== "false") return [];
  if (condition.kind === "all")
    return condition.of.flatMap((part) => failedIn(part, subject, context));
  const measured = measureOf(condition, subject);
  const objection = reason === "guard_mismatch" ? intentGuard(context) : null;
  return [
    {
      key: condition.kind,
      because: `${because ?? condition.kind}${objection === null ? "" : `: ${objection}`}`,
      value: measured?.value ?? null,
      wanted: measured === null ? null : written(measured.bound, condition.kind === "max_wrong"),
    },
  ];
}

function intentGuard({ signals, snapshot, view }: AnswerContext): string | null {
  if (signals.model.kind !== "known") return null;
  const text = signals.part?.text ?? view.text;
  const account = snapshot.intents?.account(text, signals.model.classification.embedding);
  return account?.guard?.because ?? null;
}

/** What of an answer's own measures kept it silent, as far as measures did. */
function failedAnswer(answer: AnswerSpec, account: AnswerAccount): readonly FailedAccount[] {
  const { guard } = account.match ?? { guard: null };
  const unmet = boundsOf(answer).flatMap(({ key, bound }) => {
    const value = account[key === "max_wrong" ? "wrong" : "confidence"];
    const wanted = written(bound, key === "max_wrong");
    const because = `${key === "max_wrong" ? "estimated share wrong" : key} ${down(value)}, wanted ${wanted}`;
    return isWithin(value, bound) ? [] : [{ key, because, value, wanted }];
  });
  if (guard === null) return unmet;
  const because = `the pair guard objects: ${guard.because}`;
  return [{ key: "guard", because, value: null, wanted: null }, ...unmet];
}

/** Changed routes, those that change least first. */
function waysOf(parts: AccountParts, looked: Looked): readonly Turned<Route>[] {
  const { route, step, subject } = looked;
  switch (step.outcome) {
    case "matched":
      return letGo(parts, looked);
    case "declined":
      return answerWays(parts, looked, widened);
    case "passed": {
      const made = turned(route.when, subject, "true");
      if (made === null || made.changes.length === 0) return [];
      const open = { ...made, of: withWhen(route, made.of) };
      const both = answerWays(parts, { ...looked, route: open.of }, widened).map((way) => ({
        ...way,
        changes: [...made.changes, ...way.changes],
      }));
      return [open, ...both];
    }
  }
}

function letGo(parts: AccountParts, looked: Looked): readonly Turned<Route>[] {
  const { route, subject } = looked;
  const made = turned(route.when, subject, "false");
  const closed = made === null ? [] : [{ ...made, of: withWhen(route, made.of) }];
  return [...closed, ...answerWays(parts, looked, narrowed)].toSorted((a, b) => a.slack - b.slack);
}

type Remedy = (spec: AnswerSpec, account: AnswerAccount) => Turned<AnswerSpec> | null;

function answerWays(
  parts: AccountParts,
  { route, context }: Looked,
  remedy: Remedy,
): readonly Turned<Route>[] {
  if (route.action.kind !== "answer") return [];
  const { answer } = route.action;
  const account = parts.account(answer, context);
  const made = account === null ? null : remedy(answer, account);
  return made === null ? [] : [{ ...made, of: withAnswer(route, made.of) }];
}

interface Tried {
  readonly route: Route;
  readonly step: RouteCheck;
  readonly ways: readonly Turned<Route>[];
}

/** Nothing is told that was not tried. */
async function firstThatWorks(
  parts: AccountParts,
  judged: Judged,
  { route, step, ways }: Tried,
): Promise<ChangeAccount | null> {
  for (const way of ways) {
    const outcome = await outcomeWith(parts.answer, judged, way.of);
    const isTaken = outcome.route === route.name;
    if (step.outcome === "matched" ? isTaken : !isTaken) continue;
    if (isTaken && route.action.kind === "answer" && outcome.decision !== "local") continue;
    return {
      changes: way.changes,
      outcome,
      because: sentenceOf(way.changes, route, step, outcome),
    };
  }
  return null;
}

const does: Readonly<Record<Route["action"]["kind"], string>> = {
  answer: "answer",
  forward: "forward it",
  refuse: "refuse it",
};

function sentenceOf(
  changes: readonly Change[],
  route: Route,
  step: RouteCheck,
  outcome: Outcome,
): string {
  const set = changes.map(({ key, to }) => (key === "system" ? `${key}: ${to}` : `${key} ${to}`));
  const start = `with ${set.join(" and ")}`;
  if (step.outcome !== "matched") return `${start} this route would ${does[route.action.kind]}`;
  const end = outcome.route === null ? "no route would take it" : `${outcome.route} would take it`;
  return `${start} this route would not, and ${end}`;
}
