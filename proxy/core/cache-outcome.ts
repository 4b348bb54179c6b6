/** Tells what the store did for a call; everything that says it says the same. */
import { cacheRuleOf, type Verdict } from "./decision.ts";
import type { Policy } from "./policy.ts";
import type { Controls, Reading } from "./request.ts";

/** A fresh reply, an old one in place of none, or why the call went on, as in RFC 9211; `expired` is its `fwd=stale`. */
export type CacheOutcome = "hit" | "stale" | "expired" | "uri-miss" | "request" | "bypass";

/** What is looked at of a call. */
interface Asked {
  readonly reading: Reading;
  readonly controls: Controls;
  readonly snapshot: { readonly policy: Policy };
}

/** Null for replies that no store could have given. */
export function cacheOutcomeOf(verdict: Verdict, call: Asked): CacheOutcome | null {
  switch (verdict.decision) {
    case "cache":
      return "hit";
    case "stale":
      return "stale";
    case "forwarded":
      return forwardReason(verdict, call);
    case "local":
    case "refused":
      return null;
  }
}

function forwardReason(verdict: Verdict, call: Asked): CacheOutcome {
  const { policy } = call.snapshot;
  const route = policy.routes.find((one) => one.name === verdict.route) ?? null;
  const isOff = cacheRuleOf(route, policy.cache).mode === "off";
  if (isOff || call.reading.kind === "unread" || verdict.would !== null) return "bypass";
  if (verdict.lookup === "unkept") return "bypass";
  if (call.controls.cache !== null) return "request";
  return verdict.lookup === "stale" ? "expired" : "uri-miss";
}
