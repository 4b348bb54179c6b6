/** The verdict of calls that never reached the stack: broken framing, or a fault of the listener's own. */
import type { Verdict } from "../core/decision.ts";
import type { ReasonCode } from "../core/reasons.ts";

/** A refusal for `reason`, with nothing measured. */
export function refusal(reason: ReasonCode): Verdict {
  return {
    decision: "refused",
    reason,
    route: null,
    target: null,
    provider: null,
    confidence: null,
    complexity: null,
    signals: null,
    trail: [],
    would: null,
    ageSeconds: null,
    costUsd: null,
    savedUsd: null,
    waitedMs: 0,
    lookup: null,
    detail: null,
    overheadMs: 0,
  };
}
