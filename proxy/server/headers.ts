/** Our own response headers: one table that write fills from the verdict, and that docs/headers.md repeats. */
import { cacheOutcomeOf } from "../core/cache-outcome.ts";
import type { Verdict } from "../core/decision.ts";
import type { Received } from "../core/received.ts";

/** What the headers say besides the verdict. */
export interface HeaderContext {
  readonly id: string;
  /** The value of `Cache-Status`; null leaves it out. */
  readonly cache: string | null;
}

/** One header: what it says, and its value for a reply; null leaves it out. */
export interface ResponseHeader {
  readonly says: string;
  readonly value: (verdict: Verdict, context: HeaderContext) => string | null;
}

/** Every header that is added to replies, in the order in which they are written. */
export const responseHeaders: Readonly<Record<string, ResponseHeader>> = {
  "x-sidestep-decision": {
    says: "How the call was served: `local`, `cache`, `stale`, `forwarded` or `refused`.",
    value: (verdict) => verdict.decision,
  },
  "x-sidestep-reason": {
    says: "Why, as one of the codes of reasons.md.",
    value: (verdict) => verdict.reason,
  },
  "x-sidestep-route": {
    says: "The policy's route that decided; absent when none did.",
    value: (verdict) => verdict.route,
  },
  "x-sidestep-target": {
    says: "The policy's target that the call was sent to; absent when it went to the caller's own provider.",
    value: (verdict) => verdict.target,
  },
  "x-sidestep-confidence": {
    says: "Calibrated confidence of the local model, 0 to 1; absent when it was not asked.",
    value: (verdict) => decimal(verdict.confidence, 4),
  },
  "x-sidestep-complexity": {
    says: "Complexity of the call, 0 to 1; absent when it was not measured.",
    value: (verdict) => decimal(verdict.complexity, 4),
  },
  "x-sidestep-request-id": {
    says: "The call's id in logs, in `/decisions?id=`, in traces and in the audit log.",
    value: (_verdict, context) => context.id,
  },
  "x-sidestep-overhead-ms": {
    says: "Milliseconds that Sidestep itself took until the reply began; waiting for the caller's body or the provider is not counted.",
    value: (verdict) => decimal(verdict.overheadMs, 2),
  },
  "x-sidestep-cost": {
    says: "Estimated cost of the call in USD at list prices; absent while not known, as at the head of a forwarded reply.",
    value: (verdict) => decimal(verdict.costUsd, 10),
  },
  "x-sidestep-saved": {
    says: "Estimated USD that the call would have cost in the cloud; absent when nothing was saved or it is not known.",
    value: (verdict) => decimal(verdict.savedUsd, 10),
  },
  age: {
    says: "Seconds since a stored reply was stored; only on stored replies.",
    value: (verdict) => (verdict.ageSeconds === null ? null : decimal(verdict.ageSeconds, 0)),
  },
  "cache-status": {
    says: "What the store did, as in RFC 9211: `sidestep; hit`, or `sidestep; fwd=` with `uri-miss`, `stale`, `request` or `bypass`; a provider's own line stays before it.",
    value: (_verdict, context) => context.cache,
  },
  "server-timing": {
    says: "The overhead once more in the form that browsers and tracing tools read: `sidestep;dur=1.25`; a provider's own line stays before it.",
    value: (verdict) => `sidestep;dur=${decimal(verdict.overheadMs, 2)}`,
  },
};

/** Every header that callers may send to Sidestep, and what it does. Any other `x-sidestep-` header is only removed. */
export const requestHeaders: Readonly<Record<string, string>> = {
  "x-sidestep-mode":
    "`observe` records what would have been decided and forwards the call; `bypass` forwards it unread.",
  "x-sidestep-cache":
    "`no-store` serves nothing stored and stores nothing; `refresh` serves nothing stored but stores the reply.",
  "x-sidestep-target": "Sends the call to this target of the policy, if it speaks the protocol.",
};

const listed = Object.entries(responseHeaders);

/** Our header lines for a reply. */
export function verdictHeaders(verdict: Verdict, context: HeaderContext): string[] {
  const lines: string[] = [];
  for (const [name, { value: valueOf }] of listed) {
    const value = valueOf(verdict, context);
    if (value !== null && value !== "") lines.push(name, headerSafe(value));
  }
  return lines;
}

/** The value of `Cache-Status` as far as it is known. */
export function cacheStatus(verdict: Verdict, received: Received): string | null {
  const outcome = cacheOutcomeOf(verdict, received);
  switch (outcome) {
    case null:
      return null;
    case "hit":
      return "sidestep; hit";
    case "stale":
      return "sidestep; hit; detail=stale";
    case "expired":
      return "sidestep; fwd=stale";
    default:
      return `sidestep; fwd=${outcome}`;
  }
}

/** A plain decimal with at most `digits` after the point and no trailing zeros. */
function decimal(value: number | null, digits: number): string | null {
  if (value === null || !Number.isFinite(value)) return null;
  const text = value.toFixed(digits);
  const trimmed = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  return trimmed === "-0" ? "0" : trimmed;
}

const plain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** The value with everything outside printable ASCII percent-encoded: names in policies may be in any language. */
function headerSafe(value: string): string {
  if (plain.test(value)) return value;
  return value
    .toWellFormed()
    .replaceAll(/[^\x20-\x7e]+/g, (part) => encodeURIComponent(part))
    .trim();
}
