/** What was decided about a call and why: the one record that header, log, metric, page and command show. */
import type { Probability, Score } from "./brand.ts";
import type { CacheRule, Condition, Route } from "./policy.ts";
import type { Controls, Protocol, RequestView } from "./request.ts";
import type { ReasonCode } from "./reasons.ts";
import type { Signals } from "./signals.ts";

/** How a call was served. */
export type DecisionKind = "local" | "cache" | "stale" | "forwarded" | "refused";

/** One condition or route that was looked at, for `explain`. */
export interface RouteCheck {
  readonly route: string;
  readonly outcome: "matched" | "passed" | "declined";
  /** The first condition that did not hold, in the policy's words, e.g. "confidence 0.81, wanted >= 0.9". */
  readonly because: string | null;
  readonly reason: ReasonCode | null;
  /** Every condition that did not hold or was not known, for pages; left out where none is to blame. */
  readonly unmet?: readonly Condition[];
}

/** What judge() gives: pure, and the same for the same signals and policy. */
export interface Judgement {
  /** The route that decides; null when none matched. */
  readonly route: Route | null;
  /** Index of `route` in the policy's list, or the list's length. */
  readonly at: number;
  readonly reason: ReasonCode;
  /** True when a route before the end could not be judged without the model. */
  readonly needsModel: boolean;
  readonly confidence: Probability | null;
  readonly complexity: Score;
  /** Why nothing may be answered locally whatever a route says; null when routes decide. */
  readonly closed: ReasonCode | null;
  readonly trail: readonly RouteCheck[];
}

/** What judge() looks at besides the signals. */
export interface Facts {
  readonly view: RequestView;
  /** Header lookup by lower-case name. */
  readonly header: (name: string) => string | undefined;
  readonly isOutage: boolean;
  /** Null where nobody is named. */
  readonly caller: string | null;
}

/** The decision as it stands when a reply begins. */
export interface Verdict {
  readonly decision: DecisionKind;
  readonly reason: ReasonCode;
  readonly route: string | null;
  readonly target: string | null;
  readonly provider: string | null;
  readonly confidence: Probability | null;
  readonly complexity: Score | null;
  readonly signals: Signals | null;
  readonly trail: readonly RouteCheck[];
  /** In observe mode: what would have been done. */
  readonly would: {
    readonly decision: DecisionKind;
    readonly reason: ReasonCode;
    readonly route: string | null;
  } | null;
  /** Seconds since the served reply was stored; null when it was not stored. */
  readonly ageSeconds: number | null;
  /** USD, estimated from list prices; null when not known (yet). */
  readonly costUsd: number | null;
  readonly savedUsd: number | null;
  /** Milliseconds spent waiting for the provider, until its reply's head came. */
  readonly waitedMs: number;
  /**
   * What the store had for a forwarded call whose rule keeps replies, where it did not just lack one:
   * this one is never kept, or what was kept is too old.
   */
  readonly lookup: "unkept" | "stale" | null;
  /** What exactly went wrong with the provider, in words that hold no content; null when nothing did. */
  readonly detail: string | null;
  /** Our own share until the reply began, in milliseconds: neither the caller's body nor the provider is counted. */
  readonly overheadMs: number;
}

/** Tokens as the provider counted them, or as estimated for a local answer. */
export interface Usage {
  /** Everything that was read, what the provider's prompt cache had or took included. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly isEstimate: boolean;
  /** Absent where the provider's prompt cache had nothing to do with the call, or it does not say. */
  readonly promptCache?: PromptCacheUsage;
}

/** Input tokens that the provider's own prompt cache had or took; they have prices of their own. */
export interface PromptCacheUsage {
  readonly readTokens: number;
  readonly writtenTokens: number;
  /** Those of the written ones that are kept for an hour. */
  readonly hourTokens: number;
}

/** What a reply said about itself. */
export interface ReplyAccount {
  readonly usage: Usage | null;
  /** The model that answered, as the provider names it, e.g. with its date; null when it did not say, or was not asked. */
  readonly model: string | null;
  /** Why each choice ended, in the provider's words: `stop`, `length`, `end_turn`, `tool_use`. */
  readonly finishReasons: readonly string[];
}

/** How a reply ended; every call has exactly one. */
export type Ending =
  | { readonly kind: "complete" }
  /** The caller went away first. */
  | { readonly kind: "aborted" }
  /** The provider broke off after its first byte. */
  | { readonly kind: "cut"; readonly detail?: string };

/** The full record, settled once when the last byte has left. Holds no content. */
export interface DecisionRecord {
  readonly id: string;
  /** Absent or null while the call is not traced. */
  readonly traceId?: string | null;
  /** ISO 8601. */
  readonly at: string;
  readonly method: string;
  readonly path: string;
  /** Who called, of those that the policy names; null for anybody else. */
  readonly caller: string | null;
  readonly protocol: Protocol | null;
  readonly model: string | null;
  readonly stream: boolean;
  readonly status: number;
  readonly ending: Ending["kind"];
  readonly verdict: Verdict;
  readonly policy: string;
  readonly controls: Controls;
  readonly usage: Usage | null;
  readonly replyModel: ReplyAccount["model"];
  readonly finishReasons: ReplyAccount["finishReasons"];
  /** Our own share: everything but waiting for the provider. */
  readonly overheadMs: number;
  readonly firstByteMs: number;
  readonly totalMs: number;
}

/** The cache rule that holds for a route. */
export function cacheRuleOf(route: Route | null, fallback: CacheRule): CacheRule {
  return route?.cache ?? fallback;
}
