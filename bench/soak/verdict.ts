/** Judges one call of the soak: right to the byte, explained by its plan, or neither. */

import type { Outcome } from "./caller.ts";
import type { CallPlan, PlanOptions } from "./plan.ts";
import { planOf } from "./plan.ts";
import { errorBody, originOf, piecesOf } from "./reply.ts";

/** What a call came to. */
export interface Verdict {
  /** The caller got a byte that nobody sent, or too few without being told. */
  readonly isWrong: boolean;
  /** Why it is no error, or null for one that nothing explains. */
  readonly because: string | null;
}

const right = (because: string): Verdict => ({ isWrong: false, because });
const wrong: Verdict = { isWrong: true, because: null };
const unexplained: Verdict = { isWrong: false, because: null };

/** `outcome` of the call that `plan` was for. */
export function judge(plan: CallPlan, outcome: Outcome, options: PlanOptions): Verdict {
  if (outcome.hasLeft) return left(plan, outcome, options);
  switch (outcome.decision) {
    case "local":
      return outcome.status === 200 && outcome.isWhole ? right("answered in the pod") : unexplained;
    case "cache":
    case "stale":
      return stored(plan, outcome, options);
    case "forwarded":
      return forwarded(plan, outcome);
    default:
      return unexplained;
  }
}

/** What a caller has got before it left must still be right. */
function left(plan: CallPlan, outcome: Outcome, options: PlanOptions): Verdict {
  if (outcome.body.length === 0 || outcome.decision === "local") return right("left");
  const origin = originOf(outcome.body);
  const made = origin === null ? plan : planOf(origin, options);
  // Put into the other form, a stored reply has other bytes by design.
  if (made.isStream !== plan.isStream) return right("left");
  const sent = outcome.status === 200 ? wholeOf(made) : null;
  const isPrefix = sent?.subarray(0, outcome.body.length).equals(outcome.body) ?? true;
  return isPrefix ? right("left") : wrong;
}

function stored(plan: CallPlan, outcome: Outcome, options: PlanOptions): Verdict {
  const origin = originOf(outcome.body);
  if (!outcome.isWhole || outcome.status !== 200 || origin === null) return unexplained;
  const made = planOf(origin, options);
  if (made.isStream !== plan.isStream) return right("stored, in the other form");
  return wholeOf(made).equals(outcome.body) ? right("stored") : wrong;
}

function forwarded(plan: CallPlan, outcome: Outcome): Verdict {
  const { fault } = plan;
  if (fault === "refuse") return refused(outcome);
  if (fault?.startsWith("status ") === true) return failed(plan, outcome, Number(fault.slice(7)));
  if (fault === "cut") return cut(plan, outcome);
  if (outcome.status !== 200 || !outcome.isWhole) return unexplained;
  if (!wholeOf(plan).equals(outcome.body)) return wrong;
  return right(fault === null ? "forwarded" : `${fault} by plan`);
}

function refused({ status, reason, isWhole }: Outcome): Verdict {
  const isTold = status === 502 && reason === "upstream_reset";
  return isTold && isWhole ? right("refused by plan") : unexplained;
}

function cut(plan: CallPlan, { reason, status, body, isWhole }: Outcome): Verdict {
  if (reason === "upstream_reset") return right("cut before its head");
  if (status !== 200) return unexplained;
  const isPrefix = wholeOf(plan).subarray(0, body.length).equals(body);
  return isPrefix && !isWhole ? right("cut by plan") : wrong;
}

function failed({ number }: CallPlan, outcome: Outcome, status: number): Verdict {
  if (outcome.status !== status || !outcome.isWhole) return unexplained;
  return errorBody(number, status).equals(outcome.body) ? right(`status ${status} by plan`) : wrong;
}

function wholeOf(plan: Pick<CallPlan, "number" | "isStream">): Buffer {
  return Buffer.concat(piecesOf(plan));
}
