/** Finds the smallest changes of bounds that would turn a condition's truth; counterfactual.ts tries them. Pure. */
import type { Bound, Condition, SystemRule } from "../core/policy.ts";
import { boundFor, shareFor, slackOf, written } from "./bounds.ts";
import { check, scoredOf, wrongOf, type Subject } from "./condition.ts";

/** One key of a route with another value. */
export interface Change {
  readonly key: string;
  /** Whether the key stands among the conditions or in the answer. */
  readonly in: "when" | "answer";
  /** Whether it stands inside `any`, `all` or `not`. */
  readonly isNested: boolean;
  /** What the call has; null for a system prompt. */
  readonly value: number | null;
  /** As a policy writes it; null where the policy leaves it out. */
  readonly was: string | null;
  readonly to: string;
}

/** Something with changes made to it. */
export interface Turned<Of> {
  readonly of: Of;
  readonly changes: readonly Change[];
  /** How far the changes go, relative to the values; 0 for none. */
  readonly slack: number;
}

/** The condition with `wanted` as its truth; null when no bound can bring that about. */
export function turned(
  condition: Condition,
  subject: Subject,
  wanted: "true" | "false",
): Turned<Condition> | null {
  const { truth } = check(condition, subject);
  // What needs the model first may turn out either way: trying it will tell.
  if (truth === wanted || truth === "unknown") return { of: condition, changes: [], slack: 0 };
  if (truth === "fault") return null;
  switch (condition.kind) {
    case "all":
    case "any": {
      const isEach = (condition.kind === "all") === (wanted === "true");
      return isEach ? each(condition, subject, wanted) : one(condition, subject, wanted);
    }
    case "not": {
      const inner = turned(condition.of, subject, wanted === "true" ? "false" : "true");
      return inner === null ? null : { ...nested(inner), of: { kind: "not", of: inner.of } };
    }
    default:
      return leaf(condition, subject, wanted);
  }
}

type Group = Extract<Condition, { kind: "all" | "any" }>;

function each(group: Group, subject: Subject, wanted: "true" | "false"): Turned<Condition> | null {
  const parts = group.of.map((part) => turned(part, subject, wanted));
  const made = parts.filter((part) => part !== null);
  if (made.length < parts.length) return null;
  return {
    of: { ...group, of: made.map((part) => part.of) },
    changes: made.flatMap((part) => part.changes),
    slack: Math.max(0, ...made.map((part) => part.slack)),
  };
}

/** Of several ways the one that goes least far. */
function one(group: Group, subject: Subject, wanted: "true" | "false"): Turned<Condition> | null {
  const ways = group.of.flatMap((part, at) => {
    const made = turned(part, subject, wanted);
    if (made === null || made.changes.length === 0) return [];
    return [{ ...made, of: { ...group, of: group.of.with(at, made.of) } }];
  });
  const [best] = ways.toSorted((a, b) => a.slack - b.slack);
  if (best === undefined) return null;
  return isListOfPrompts(group) || group.kind === "all" ? best : nested(best);
}

/** `system: [..., ...]` is one key. */
function isListOfPrompts(group: Group): boolean {
  return group.of.every(({ kind }) => kind === "system");
}

function nested<Of>(made: Turned<Of>): Turned<Of> {
  return { ...made, changes: made.changes.map((change) => ({ ...change, isNested: true })) };
}

/** One bound set to what the call has; null for conditions that are no bound, and where no number would do. */
export function leaf(
  condition: Condition,
  subject: Subject,
  wanted: "true" | "false",
): Turned<Condition> | null {
  if (condition.kind === "system") return wanted === "true" ? anySystem(condition.is) : null;
  const measured = measureOf(condition, subject);
  if (measured === null) return null;
  const { value, bound } = measured;
  // Fewer than one turn is no call.
  if (condition.kind === "turns" && wanted === "false" && value <= 1) return null;
  const isShare = condition.kind === "max_wrong";
  const next = isShare ? shareFor(value, wanted) : boundFor(value, bound, wanted);
  if (next === null) return null;
  const texts = { was: written(bound, isShare), to: written(next, isShare) };
  const change = { key: condition.kind, in: "when", isNested: false, value, ...texts } as const;
  const slack = slackOf(value, bound) + (isCounted(condition) ? 1 : 0);
  return { of: withBound(condition, next), changes: [change], slack };
}

/** A count that just keeps its bound is one whole step from not keeping it. */
function isCounted({ kind }: Condition): boolean {
  return kind === "turns" || kind === "length";
}

/** A condition's value and bound; null for conditions without one. */
export function measureOf(
  condition: Condition,
  { signals, complexity }: Subject,
): { readonly value: number; readonly bound: Bound } | null {
  switch (condition.kind) {
    case "complexity":
      return { value: complexity, bound: condition.is };
    case "turns":
      return { value: signals.cheap.turns, bound: condition.is };
    case "length":
      return { value: signals.cheap.characters, bound: condition.is };
    default:
      return measureOfModel(condition, signals);
  }
}

function measureOfModel(
  condition: Condition,
  { model }: Subject["signals"],
): { readonly value: number; readonly bound: Bound } | null {
  if (model.kind !== "known" || !model.signals.isReadable) return null;
  const read = model.signals;
  switch (condition.kind) {
    case "confidence":
      return { value: scoredOf(condition.of, read)?.confidence ?? 0, bound: condition.is };
    case "max_wrong":
      return { value: wrongOf(condition.of, read), bound: { op: "<=", value: condition.share } };
    case "in_scope":
      return { value: read.inScope ?? 0, bound: condition.is };
    case "injection":
      return { value: read.injection ?? 1, bound: condition.is };
    case "difficulty":
      return { value: read.difficulty ?? 1, bound: condition.is };
    default:
      return null;
  }
}

function anySystem(is: SystemRule): Turned<Condition> {
  const was = "text" in is ? `{ contains: ${is.text} }` : is.kind;
  const change = {
    key: "system",
    in: "when",
    isNested: false,
    value: null,
    was,
    to: "any",
  } as const;
  return { of: { kind: "system", is: { kind: "any" } }, changes: [change], slack: 1 };
}

function withBound(condition: Condition, bound: Bound): Condition {
  switch (condition.kind) {
    case "complexity":
    case "turns":
    case "length":
    case "confidence":
    case "in_scope":
    case "injection":
      return { ...condition, is: bound };
    case "max_wrong":
      return { ...condition, share: bound.value };
    default:
      return condition;
  }
}
