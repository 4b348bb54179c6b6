/** Tells log, metrics, history and open pages what became of a load of the policy; the sidecar calls it. */
import { formatProblem, type Problem } from "../policy/problem.ts";
import type { Refused } from "../policy/watch.ts";
import type { Log } from "../telemetry/log.ts";
import type { LoadedPolicy, Metrics } from "../telemetry/metrics.ts";
import type { EventFeed } from "./event-feed.ts";
import type { PolicyHistory } from "./policy-history.ts";

/** Who is told. */
export interface NewsParts {
  readonly metrics: Metrics;
  readonly log: Log;
  readonly feed: EventFeed;
  readonly history: PolicyHistory;
}

/** A policy is in force, with the model that decides. */
export function tellLoaded(
  { metrics, log, feed }: NewsParts,
  now: LoadedPolicy & { readonly model: string | null },
): void {
  metrics.policyLoaded(now, Date.now());
  const { revision, mode, model } = now;
  log.event("info", "policy_loaded", { revision, mode, model });
  feed.changed();
}

/** The files' present state was not taken up. */
export function tellRefused(
  { metrics, log, feed, history }: NewsParts,
  problems: readonly Problem[],
  refused: Refused,
): void {
  history.refused(problems, refused);
  metrics.policyRefused();
  log.event("error", "policy_refused", { problems: problems.map(formatProblem) });
  feed.changed();
}
