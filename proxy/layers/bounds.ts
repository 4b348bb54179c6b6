/** Bounds next to a measured value, rounded so that they do what they are for when written into a policy; the remedies use them. */
import type { AnswerSpec, Bound } from "../core/policy.ts";

/** An answer that has bounds of its own. */
export type BoundedAnswer = Extract<AnswerSpec, { kind: "faq" | "label" }>;

/** Whether an answer is weighed by bounds of its own; others are given whenever their route matches. */
export function isBounded(answer: AnswerSpec): answer is BoundedAnswer {
  return answer.kind === "faq" || answer.kind === "label";
}

/** Digits that people read and copy. */
const scale = 10_000;

/** The nearest number of four digits that is not above. */
export function down(value: number): number {
  return Math.floor(value * scale) / scale;
}

/** The nearest number of four digits that is not below. */
export function up(value: number): number {
  return Math.ceil(value * scale) / scale;
}

/** The bound of the same kind that `value` just keeps, or just does not keep. */
export function boundFor(value: number, { op }: Bound, wanted: "true" | "false"): Bound {
  const isLeast = op === ">=" || op === ">";
  if (op === "=") return { op, value: wanted === "true" ? value : value + 1 };
  if (wanted === "true")
    return isLeast ? { op: ">=", value: down(value) } : { op: "<=", value: up(value) };
  return isLeast ? { op: ">", value: up(value) } : { op: "<", value: down(value) };
}

/** The share that `wrong` just keeps, or just does not keep; null where no share can be written. */
export function shareFor(wrong: number, wanted: "true" | "false"): Bound | null {
  const share = wanted === "true" ? up(wrong) : down(wrong) - (down(wrong) < wrong ? 0 : 1 / scale);
  const value = Math.round(share * scale) / scale;
  return value > 0 && value < 1 ? { op: "<=", value } : null;
}

/** How far a value is from its bound, relative to the greater of 1 and the value. */
export function slackOf(value: number, bound: Bound): number {
  return Math.abs(value - bound.value) / Math.max(1, Math.abs(value));
}

/** A bound as a policy writes it; a share as a percent. */
export function written({ op, value }: Bound, isShare: boolean): string {
  return isShare ? `${Number((value * 100).toFixed(4))}%` : `${op} ${value}`;
}

/** Whether a number keeps a bound. */
export function isWithin(value: number, bound: Bound): boolean {
  switch (bound.op) {
    case ">=":
      return value >= bound.value;
    case ">":
      return value > bound.value;
    case "<=":
      return value <= bound.value;
    case "<":
      return value < bound.value;
    case "=":
      return value === bound.value;
  }
}
