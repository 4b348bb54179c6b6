/** What each head of the model said of a call, and how far that is from the bounds that routes put on it; used by explain. */
import type { AnswerSpec, Bound, Condition, Route } from "../core/policy.ts";
import type { Classification, Scored, Signals } from "../core/signals.ts";
import { isBounded, isWithin, written } from "./bounds.ts";

/** A bound of a route, and by how much it was kept or missed. */
export interface BoundAccount {
  readonly route: string;
  readonly key: string;
  readonly bound: string;
  readonly isMet: boolean;
  /** Distance of the probability to the bound. */
  readonly by: number;
}

/** One head. */
export interface HeadAccount {
  readonly head: string;
  readonly label: string;
  /** Calibrated probability of the label. */
  readonly confidence: number;
  /** The next best label; null for heads that say yes or no. */
  readonly second: Scored | null;
  /** Difference to the next best; null for heads whose labels do not exclude each other. */
  readonly margin: number | null;
  readonly bounds: readonly BoundAccount[];
}

/** Every head of the model; empty when it was not asked or gave nothing. `routes` are those that were looked at. */
export function headAccounts(signals: Signals, routes: readonly Route[]): readonly HeadAccount[] {
  if (signals.model.kind !== "known") return [];
  const { classification, signals: read } = signals.model;
  const heads = Array.from(classification.heads, ([head, scored]) => {
    // A greeting that no word bears out counts less than the head alone says.
    const first = head === "task" ? read.task : scored[0];
    return headOf(head, first, scored[1] ?? null, boundsOn(head, first, routes));
  });
  return [...heads, ...flagAccounts(classification, routes)].filter((head) => head !== null);
}

function headOf(
  head: string,
  first: Scored | undefined,
  second: Scored | null,
  bounds: readonly BoundAccount[],
): HeadAccount | null {
  if (first === undefined) return null;
  const margin = second === null ? null : first.confidence - second.confidence;
  return { head, label: first.label, confidence: first.confidence, second, margin, bounds };
}

function flagAccounts(
  { flags }: Classification,
  routes: readonly Route[],
): readonly (HeadAccount | null)[] {
  return Array.from(flags, ([head, scored]) => {
    const account = headOf(head, scored[0], scored[1] ?? null, boundsOn(head, scored[0], routes));
    return account === null ? null : { ...account, margin: null };
  });
}

function boundsOn(
  head: string,
  scored: Scored | undefined,
  routes: readonly Route[],
): readonly BoundAccount[] {
  if (scored === undefined) return [];
  const { label, confidence } = scored;
  return boundAccounts(routes, head, { label, confidence, wrong: 1 - confidence });
}

interface Said {
  readonly label: string;
  readonly confidence: number;
  readonly wrong: number;
}

/** A bound of a route for another label says nothing of this one. */
function isAboutOther(when: Condition, of: string, label: string): boolean {
  const parts = when.kind === "all" ? when.of : [when];
  return parts.some((part) =>
    part.kind === "all"
      ? isAboutOther(part, of, label)
      : part.kind === of && "oneOf" in part && !part.oneOf.some((one) => one === label),
  );
}

/** The bounds that `routes` put on one thing the model says, with what it says of this call. */
export function boundAccounts(
  routes: readonly Route[],
  of: string,
  { label, confidence, wrong }: Said,
): readonly BoundAccount[] {
  const about = routes.filter(({ when }) => !isAboutOther(when, of, label));
  return about.flatMap((route) =>
    [...boundsIn(route.when, of), ...answerBounds(route, of)].map(({ key, bound }) => {
      const value = key === "max_wrong" ? wrong : confidence;
      return {
        route: route.name,
        key,
        bound: written(bound, key === "max_wrong"),
        isMet: isWithin(value, bound),
        by: Math.abs(value - bound.value),
      };
    }),
  );
}

/** A bound and the key that it is written under. */
export interface Put {
  readonly key: string;
  readonly bound: Bound;
}

/** The bounds of a FAQ or a label are on what it answers with. */
function answerBounds({ action }: Route, of: string): readonly Put[] {
  if (action.kind !== "answer" || !isBounded(action.answer)) return [];
  const { answer } = action;
  return (answer.kind === "faq" ? answer.file : answer.head) === of ? boundsOf(answer) : [];
}

/** The bounds that an answer holds itself; a FAQ that names no share has the index's own. */
export function boundsOf(answer: AnswerSpec): readonly Put[] {
  if (!isBounded(answer)) return [];
  const sure = answer.confidence === null ? [] : [{ key: "confidence", bound: answer.confidence }];
  return answer.maxWrong === null ? sure : [...sure, shareBound(answer.maxWrong)];
}

function boundsIn(condition: Condition, of: string): readonly Put[] {
  switch (condition.kind) {
    case "all":
    case "any":
      return condition.of.flatMap((part) => boundsIn(part, of));
    case "not":
      return boundsIn(condition.of, of);
    case "confidence":
      return condition.of === of ? [{ key: "confidence", bound: condition.is }] : [];
    case "max_wrong":
      return condition.of === of ? [shareBound(condition.share)] : [];
    case "in_scope":
    case "injection":
      return condition.kind === of ? [{ key: of, bound: condition.is }] : [];
    default:
      return [];
  }
}

function shareBound(share: number): Put {
  return { key: "max_wrong", bound: { op: "<=", value: share } };
}
