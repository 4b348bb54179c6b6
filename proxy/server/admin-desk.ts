/** Puts together what the admin listener shows, from what the process keeps and what is in force; the sidecar makes one. */
import { dirname } from "node:path";
import type { BreakerState } from "../core/ports.ts";
import { reasons } from "../core/reasons.ts";
import { readModelCard } from "../inference/model-card.ts";
import { callAccount } from "../layers/call-account.ts";
import { loadPolicy, type LoadOptions } from "../policy/load.ts";
import type { MemoryStore } from "../store/memory.ts";
import { agreementDesk } from "../telemetry/agreement-desk.ts";
import type { Agreement } from "../telemetry/agreement.ts";
import type { CallTimelines } from "../telemetry/call-timeline.ts";
import type { DecisionRing } from "../telemetry/decision-ring.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { matches } from "../telemetry/record-filter.ts";
import { fullRecord } from "../telemetry/record-json.ts";
import { isReportSpan, type Report } from "../telemetry/report.ts";
import type { AdminParts } from "./admin-routes.ts";
import type { EventFeed } from "./event-feed.ts";
import type { CachePage, ModelPage } from "./page-data.ts";
import { placesOf } from "./places.ts";
import type { PolicyHistory } from "./policy-history.ts";
import { policyPage, type InForce } from "./policy-page.ts";

/** What lives as long as the process. */
export interface DeskParts {
  readonly ring: DecisionRing;
  readonly timelines: CallTimelines;
  readonly feed: EventFeed;
  readonly report: Report;
  readonly metrics: Pick<Metrics, "storeUse">;
  readonly store: Pick<MemoryStore, "usage" | "bounds">;
  readonly upstream: { breakers(): readonly BreakerState[] };
  readonly history: PolicyHistory;
  readonly agreement: Agreement;
  readonly audit: { readonly state: object | null };
  /** Where the policy is read from. */
  readonly source: Pick<LoadOptions, "path" | "env" | "needsCallers">;
  /** What is in force at the moment. */
  readonly now: () => InForce;
}

/** The part of the listener's parts that the desk makes. */
export type Desk = Omit<AdminParts, "isReady" | "metrics" | "explain" | "mode" | "setMode">;

/** Most records that `/decisions` gives at once. */
const shownDecisions = 1000;

/** Everything is read when it is asked for. */
export function adminDesk(parts: DeskParts): Desk {
  const { ring, feed, report, history, upstream, source, now } = parts;
  return {
    decisions: (filter) =>
      ring
        .latest(shownDecisions)
        .filter((record) => matches(filter, record))
        .map(fullRecord),
    call: (id) => callPage(parts, id),
    events: feed,
    policy: () => policyPage(now()),
    report: (span) => (isReportSpan(span) ? report.page(span) : null),
    breakers: () => upstream.breakers(),
    agreement: agreementDesk(parts.agreement, ring),
    audit: () => parts.audit.state,
    places: () => placesOf(now().policy),
    cache: () => cachePage(parts),
    model: () => modelPage(parts),
    policySource: async () => ({
      revision: now().policy.revision,
      files: history.texts(),
      loads: await history.page(),
    }),
    policyFiles: () => now().policy.files,
    loadEdited: (edits) => loadPolicy({ ...source, edits }),
    policyDiff: (edits) => history.diffOf(Array.from(edits, ([path, text]) => ({ path, text }))),
  };
}

function callPage({ ring, timelines, history }: DeskParts, id: string): object | null {
  const record = ring.find(id);
  if (record === undefined) return null;
  return {
    record: fullRecord(record),
    because: reasons[record.verdict.reason],
    waitedMs: record.verdict.waitedMs,
    timeline: timelines.of(record),
    account: callAccount(record, history.policyOf(record.policy)),
  };
}

async function cachePage({ store, metrics, now }: DeskParts): Promise<CachePage> {
  const { policy } = now();
  const routes = policy.routes.flatMap(({ name, cache }) =>
    cache === null ? [] : [{ route: name, ...cache }],
  );
  return {
    ...store.usage(),
    ...store.bounds,
    ...(await metrics.storeUse()),
    rule: policy.cache,
    routes,
    outage: policy.outage,
  };
}

async function modelPage({ source, now }: DeskParts): Promise<ModelPage> {
  const { policy, modelState, generators } = now();
  const { model, files } = policy;
  const base = dirname(files[0] ?? ".");
  const card =
    model === null ? null : await readModelCard(model, base, source.env["SIDESTEP_MODELS"]);
  return { model, state: modelState, generators, card };
}
