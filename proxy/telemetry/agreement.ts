/** Counts how often each route's answers agree with the cloud's or the application's verdict, and says when a route is not to go on. */
import { createHash } from "node:crypto";
import type { Policy, Route } from "../core/policy.ts";
import type { AgreementBook, Compared, Judge, Outcome } from "../core/ports.ts";
import { wilson, type Interval } from "./wilson.ts";

/** How many calls are remembered, so that a later verdict can replace an earlier one. */
const rememberedCalls = 10_000;

/** One mistaken verdict must not stop a route. */
const fewestWrong = 3;

/** Comparisons by outcome. */
export type Counts = Readonly<Record<Outcome, number>>;

/** One route's standing. */
export interface RouteAgreement {
  readonly route: string;
  /** By equality or an application's verdict: what counts. */
  readonly checked: Counts;
  /** By the model's guess about two free texts: shown, and nothing more. */
  readonly estimated: Counts;
  /** Share wrong of what was checked; null when nothing was. */
  readonly wrong: Interval | null;
  readonly maxWrong: number;
  readonly sample: number;
  /** ISO 8601; null while the route goes on. */
  readonly suspendedAt: string | null;
}

/** Told when a route is suspended or resumed. */
export type OnSuspension = (standing: RouteAgreement) => void;

/** Told of each comparison that counts. */
export type OnCompared = (compared: Compared) => void;

interface Tally {
  readonly counts: Record<Judge, Record<Outcome, number>>;
  suspendedAt: string | null;
}

/** The book of the process. Counts outlive a reload for as long as the route and what it answers by stay the same. */
export class Agreement implements AgreementBook {
  readonly #onSuspension: OnSuspension;
  readonly #onCompared: OnCompared;
  readonly #calls = new Map<string, Compared>();
  #tallies = new Map<string, Tally>();
  #routes = new Map<string, { readonly route: Route; readonly tally: Tally }>();
  /** Calls that are under way when the policy changes still have their own route. */
  readonly #ofRoute = new WeakMap<Route, Tally>();

  constructor(onSuspension: OnSuspension, onCompared: OnCompared = () => undefined) {
    this.#onSuspension = onSuspension;
    this.#onCompared = onCompared;
  }

  /** Takes a policy up; what was counted of routes that it changes is forgotten. */
  use(policy: Policy): void {
    const before = this.#tallies;
    this.#tallies = new Map();
    this.#routes = new Map();
    for (const route of policy.routes) {
      if (route.action.kind !== "answer") continue;
      const digest = digestOf(policy, route);
      const tally = before.get(digest) ?? newTally();
      this.#tallies.set(digest, tally);
      this.#routes.set(route.name, { route, tally });
      this.#ofRoute.set(route, tally);
    }
  }

  isSuspended(route: Route): boolean {
    return (this.#ofRoute.get(route)?.suspendedAt ?? null) !== null;
  }

  note(compared: Compared): void {
    const tally = this.#ofRoute.get(compared.route);
    if (tally === undefined) return;
    const earlier = this.#calls.get(compared.id);
    if (earlier?.by === "feedback" && compared.by !== "feedback") return;
    if (earlier !== undefined) this.#uncount(earlier);
    this.#calls.set(compared.id, compared);
    for (const oldest of this.#calls.keys()) {
      if (this.#calls.size <= rememberedCalls) break;
      this.#calls.delete(oldest);
    }
    tally.counts[compared.by][compared.outcome] += 1;
    this.#onCompared(compared);
    this.#judge(compared.route, tally);
  }

  /** An application's verdict on the answer of a call; false when its route is not one that answers. */
  feedback(id: string, routeName: string, isRight: boolean): boolean {
    const route = this.#routes.get(routeName)?.route;
    if (route === undefined) return false;
    this.note({ id, route, outcome: isRight ? "agree" : "disagree", by: "feedback" });
    return true;
  }

  /** Lets a suspended route go on, from zero; false when there is no such route. */
  resume(routeName: string): boolean {
    const found = this.#routes.get(routeName);
    if (found === undefined) return false;
    const wasSuspended = found.tally.suspendedAt !== null;
    Object.assign(found.tally, newTally());
    for (const [id, { route }] of this.#calls) if (route.name === routeName) this.#calls.delete(id);
    if (wasSuspended) this.#onSuspension(standingOf(found.route, found.tally));
    return true;
  }

  /** Every answering route's standing, in the policy's order. */
  standings(): readonly RouteAgreement[] {
    return [...this.#routes.values()].map(({ route, tally }) => standingOf(route, tally));
  }

  #uncount({ route, by, outcome }: Compared): void {
    const tally = this.#ofRoute.get(route);
    if (tally !== undefined) tally.counts[by][outcome] -= 1;
  }

  #judge(route: Route, tally: Tally): void {
    const { checked } = standingOf(route, tally);
    if (tally.suspendedAt !== null || !isTooWrong(checked, route.verify.maxWrong)) return;
    tally.suspendedAt = new Date().toISOString();
    this.#onSuspension(standingOf(route, tally));
  }
}

/**
 * Whether the share wrong must be taken to be above `maxWrong`. With few comparisons the upper bound is high whatever they
 * say: then only a lower bound above it counts. As soon as there are enough that a flawless route would pass, the upper bound does.
 */
export function isTooWrong({ agree, disagree }: Counts, maxWrong: number): boolean {
  const checked = agree + disagree;
  if (checked === 0) return false;
  const { low, high } = wilson(disagree, checked);
  if (low > maxWrong && disagree >= fewestWrong) return true;
  return wilson(0, checked).high <= maxWrong && high > maxWrong;
}

function standingOf(route: Route, { counts, suspendedAt }: Tally): RouteAgreement {
  const { equality, feedback, estimate } = counts;
  const checked = {
    agree: equality.agree + feedback.agree,
    disagree: equality.disagree + feedback.disagree,
    unclear: equality.unclear + feedback.unclear,
  };
  const many = checked.agree + checked.disagree;
  return {
    route: route.name,
    checked,
    estimated: { ...estimate },
    wrong: many === 0 ? null : wilson(checked.disagree, many),
    maxWrong: route.verify.maxWrong,
    sample: route.verify.sample,
    suspendedAt,
  };
}

function newTally(): Tally {
  const none = { agree: 0, disagree: 0, unclear: 0 };
  return {
    counts: { equality: { ...none }, feedback: { ...none }, estimate: { ...none } },
    suspendedAt: null,
  };
}

/** Of everything that the route's answers depend on. */
function digestOf(policy: Policy, route: Route): string {
  const { action } = route;
  const faq =
    action.kind === "answer" && action.answer.kind === "faq"
      ? policy.faqs.get(action.answer.file)?.entries
      : null;
  const parts = [route.name, route.when, action, faq, policy.intents, policy.model];
  return createHash("sha256").update(JSON.stringify(parts, asData)).digest("hex");
}

function asData(_key: string, value: unknown): unknown {
  if (value instanceof RegExp) return String(value);
  return value instanceof Map ? [...value] : value;
}
