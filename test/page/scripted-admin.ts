/** The real admin listener over parts that a test scripts: nothing yet, something slow, something broken. */
import type { DecisionRecord } from "../../proxy/core/decision.ts";
import { adminDesk } from "../../proxy/server/admin-desk.ts";
import { createAdminServer, type AdminServerOptions } from "../../proxy/server/admin.ts";
import { EventFeed } from "../../proxy/server/event-feed.ts";
import { PolicyHistory } from "../../proxy/server/policy-history.ts";
import type { InForce } from "../../proxy/server/policy-page.ts";
import type { SmallServer } from "../../proxy/server/small-server.ts";
import { createMemoryStore } from "../../proxy/store/memory.ts";
import { Agreement } from "../../proxy/telemetry/agreement.ts";
import { CallTimelines } from "../../proxy/telemetry/call-timeline.ts";
import { DecisionRing } from "../../proxy/telemetry/decision-ring.ts";
import { Metrics } from "../../proxy/telemetry/metrics.ts";
import { Report } from "../../proxy/telemetry/report.ts";
import { policyOf } from "../support/builders.ts";

/** A running listener. */
export interface ScriptedAdmin {
  readonly url: string;
  readonly port: number;
  readonly feed: EventFeed;
  readonly settle: (record: DecisionRecord) => void;
  readonly close: () => Promise<void>;
}

/** What differs from a sidecar that just started, without a model and without a call. */
export interface Scripted {
  readonly parts?: Partial<AdminServerOptions>;
  readonly now?: Partial<InForce>;
  /** 0 takes any. */
  readonly port?: number;
}

/** Starts a listener. */
export async function startScriptedAdmin({
  parts = {},
  now = {},
  port = 0,
}: Scripted = {}): Promise<ScriptedAdmin> {
  const ring = new DecisionRing(1_000);
  const feed = new EventFeed(ring);
  const report = new Report();
  const inForce: InForce = {
    policy: policyOf(),
    isStopped: false,
    capacity: null,
    loadedAt: "2026-11-26T12:00:00.000Z",
    modelState: null,
    generators: {},
    problems: [],
    ...now,
  };
  const history = new PolicyHistory();
  const text = "version: 1\nproviders: {}\n";
  const { policy } = inForce;
  const texts = [{ path: "/p/policy.yaml", text }];
  history.loaded({ policy, sources: policy.files, texts, revision: policy.revision });
  const desk = adminDesk({
    ring,
    feed,
    report,
    history,
    timelines: new CallTimelines(),
    metrics: new Metrics(),
    agreement: new Agreement(() => undefined),
    audit: { state: null },
    store: createMemoryStore({ maxEntries: 10, maxBytes: 1_000 }),
    upstream: { breakers: () => [] },
    source: { path: "/p/policy.yaml", env: {} },
    now: () => inForce,
  });
  const server: SmallServer = await createAdminServer({
    ...desk,
    address: { host: "127.0.0.1", port, isOptional: false },
    faults: { fault: () => undefined },
    isReady: () => true,
    metrics: async () => ({ contentType: "text/plain", text: "" }),
    explain: async () => null,
    mode: () => "enforce",
    setMode: () => undefined,
    ...parts,
  });
  return {
    url: `http://127.0.0.1:${server.address.port}`,
    port: server.address.port,
    feed,
    settle: (record) => {
      for (const sink of [ring, report, feed]) sink.record(record);
    },
    close: () => server.close(),
  };
}
