/** What the admin listener sends to the page, as types: those who write it and the page are held to the same. */
import type { JsonObject } from "../core/request.ts";
import type { Policy } from "../core/policy.ts";
import type { BreakerState } from "../core/ports.ts";
import type { ModelCard } from "../inference/model-card.ts";
import type { ModelState } from "../inference/model-thread.ts";
import type { CallAccount } from "../layers/call-account.ts";
import type { Problem } from "../policy/problem.ts";
import type { StoreBounds, StoreUsage } from "../store/memory.ts";
import type { CallTimeline } from "../telemetry/call-timeline.ts";
import type { RouteAgreement } from "../telemetry/agreement.ts";
import type { Counts } from "../telemetry/metrics.ts";
import type { Place } from "./places.ts";
import type { LoadPage, ShownText } from "./policy-history.ts";
import type { FileDiff } from "./text-diff.ts";

/** A name of a served decision. */
export type Decision = "local" | "cache" | "stale" | "forwarded" | "refused";

/** A record in one row. */
export interface CallRow {
  readonly id: string;
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly protocol: string | null;
  readonly model: string | null;
  readonly stream: boolean;
  readonly status: number;
  readonly ending: string;
  readonly decision: Decision;
  readonly reason: string;
  readonly route: string | null;
  readonly target: string | null;
  readonly provider: string | null;
  readonly confidence: number | null;
  readonly complexity: number | null;
  readonly classifier: string | null;
  readonly wouldDecision: Decision | null;
  readonly wouldReason: string | null;
  readonly wouldRoute: string | null;
  readonly ageSeconds: number | null;
  readonly costUsd: number | null;
  readonly savedUsd: number | null;
  readonly replyModel: string | null;
  readonly finishReason: string | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly cacheReadTokens: number | null;
  readonly cacheWrittenTokens: number | null;
  readonly isUsageEstimate: boolean | null;
  readonly overheadMs: number;
  readonly firstByteMs: number;
  readonly totalMs: number;
  readonly policy: string;
}

/** Data of a `calls` event. */
export interface CallsEvent {
  readonly calls: readonly CallRow[];
  readonly skipped: number;
  readonly total: number;
}

/** `/call`. */
export interface CallPage {
  readonly record: CallRow & {
    readonly controls: Readonly<Record<string, string | null>>;
    readonly signals: { readonly cheap: JsonObject; readonly model: JsonObject | null } | null;
  };
  /** The reason in a sentence. */
  readonly because: string;
  readonly waitedMs: number;
  readonly timeline: CallTimeline;
  readonly account: CallAccount;
}

/** `/policy`. */
export interface PolicyPage {
  readonly revision: string;
  readonly files: readonly string[];
  readonly mode: Policy["mode"];
  readonly model: string | null;
  readonly isStopped: boolean;
  readonly loadedAt: string;
  readonly modelState: ModelState | null;
  readonly routes: readonly string[];
  readonly intents: readonly string[];
  readonly problems: readonly string[];
}

/** `/policy/source`. */
export interface SourcePage {
  readonly revision: string;
  readonly files: readonly ShownText[];
  readonly loads: readonly LoadPage[];
}

/** `/policy/check`. */
export interface CheckPage {
  readonly isValid: boolean;
  readonly problems: readonly Problem[];
  readonly summary: {
    readonly revision: string;
    readonly mode: string;
    readonly routes: number;
    readonly intents: number;
    readonly targets: number;
  } | null;
  readonly files: readonly FileDiff[];
}

/** `/targets`. */
export interface TargetsPage {
  readonly targets: readonly BreakerState[];
  readonly places: readonly Place[];
}

/** `/agreement`. */
export interface AgreementPage {
  readonly routes: readonly RouteAgreement[];
}

type CacheRule = Policy["cache"];

/** `/cache`. */
export interface CachePage extends StoreUsage, StoreBounds {
  readonly lookups: Counts;
  readonly writes: Counts;
  readonly rule: CacheRule;
  readonly routes: readonly (CacheRule & { readonly route: string })[];
  readonly outage: Policy["outage"];
}

/** `/model`. */
export interface ModelPage {
  readonly model: string | null;
  readonly state: ModelState | null;
  readonly generators: Readonly<Record<string, { readonly status: string }>>;
  readonly card: ModelCard | null;
}
