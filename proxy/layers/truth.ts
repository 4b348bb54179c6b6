/** What checking a condition comes to, and the checks of values that conditions share; used by condition.ts. Pure. */
import type { Bound, Condition } from "../core/policy.ts";
import type { ReasonCode } from "../core/reasons.ts";
import { down, isWithin } from "./bounds.ts";

/** Holds or not; `unknown` needs the model first; `fault` could not be known. */
export type Truth = "true" | "false" | "unknown" | "fault";

/** A condition's truth, with the first cause when it does not hold. */
export interface Check {
  readonly truth: Truth;
  /** In the policy's words, e.g. "confidence 0.81, wanted >= 0.9"; null when it holds. */
  readonly because: string | null;
  /** Set when closeness is worth telling the user, e.g. too complex; null for "another kind of call". */
  readonly reason: ReasonCode | null;
  /** Of a list whose conditions must all hold and do not: those that did not, or were not known. */
  readonly unmet?: readonly Condition[];
}

/** The check of a condition that is met. */
export const holds: Check = { truth: "true", because: null, reason: null };

/** Whether a value is one of those wanted. */
export function checkOneOf(name: string, value: string, oneOf: readonly string[]): Check {
  return settled(oneOf.includes(value), `${name} is ${value || "empty"}`, null);
}

/** What is worth telling of a value on one side of a bound; on the other side it is another kind of call. */
interface Told {
  readonly above?: ReasonCode;
  readonly below?: ReasonCode;
}

/** Whether a number keeps a bound. */
export function checkBound(name: string, value: number, bound: Bound, told: Told): Check {
  // Rounded down, so that a failing value never prints as the bound it missed.
  const because = `${name} ${down(value)}, wanted ${bound.op} ${bound.value}`;
  const reason = isOver(value, bound) ? told.above : told.below;
  return settled(isWithin(value, bound), because, reason ?? null);
}

/** A check whose truth is known. */
export function settled(isMet: boolean, because: string, reason: ReasonCode | null): Check {
  return isMet ? holds : { truth: "false", because, reason };
}

/** Whether a number that does not keep a bound lies above it. */
function isOver(value: number, { op, value: limit }: Bound): boolean {
  return op === "<=" || op === "<" || (op === "=" && value > limit);
}
