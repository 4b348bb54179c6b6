/** What lives as long as the process and outlives every reload: stores, telemetry, the way to the cloud; assemble builds on it. */
import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import type { Policy } from "./core/policy.ts";
import type { Recorder } from "./core/ports.ts";
import type { Tracer } from "./core/tracing.ts";
import { Generators } from "./inference/generators.ts";
import { openStateFolder } from "./inference/state-folder.ts";
import { EventFeed } from "./server/event-feed.ts";
import { collectWhenIdle, type Counted } from "./server/idle-collection.ts";
import { PolicyHistory } from "./server/policy-history.ts";
import { MemoryWatch, memoryUse } from "./server/memory-watch.ts";
import { roomHere } from "./server/room.ts";
import { createMemoryStore, type MemoryStore } from "./store/memory.ts";
import { CallTimelines } from "./telemetry/call-timeline.ts";
import { Agreement, type OnSuspension } from "./telemetry/agreement.ts";
import { AuditLog } from "./telemetry/audit-log.ts";
import { DecisionRing } from "./telemetry/decision-ring.ts";
import { createLog, levelNamed, type Log } from "./telemetry/log.ts";
import { Metrics } from "./telemetry/metrics.ts";
import { recorderOf } from "./telemetry/recorder.ts";
import { Report } from "./telemetry/report.ts";
import { watchStalls } from "./telemetry/stall-watch.ts";
import { createTracer } from "./telemetry/trace.ts";
import { tellTurnedAway } from "./telemetry/turned-away.ts";
import { credentialOf } from "./upstream/edits.ts";
import { createUpstream, type ClosableUpstream } from "./upstream/upstream.ts";

/** How many records `/decisions` remembers. */
const rememberedDecisions = 1000;

/** What the ground is laid from. */
export interface GroundOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Extra certificate authorities, PEM files. */
  readonly caFiles: readonly string[];
  /** What `--state` says; null takes the usual folder. */
  readonly state: string | null;
}

/** What lives as long as the process. */
export interface Ground {
  readonly ring: DecisionRing;
  readonly timelines: CallTimelines;
  readonly feed: EventFeed;
  readonly report: Report;
  readonly history: PolicyHistory;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly audit: AuditLog;
  readonly recorder: Recorder;
  readonly tracer: Tracer;
  readonly upstream: ClosableUpstream;
  readonly store: MemoryStore;
  /** How far each route's answers agree with the cloud's. */
  readonly agreement: Agreement;
  /** Text-generation models of the policy's routes. */
  readonly generators: Generators;
  /** Folder of kept embeddings and fits; null keeps none. */
  readonly stateFolder: string | null;
  /** Hears of callers for whom there is no room, and how many there may be. */
  readonly turnedAway: (most: number) => void;
  /** Says while nothing more may be held. */
  readonly memory: MemoryWatch;
  /** From now on memory is given back once the listener's busy times are over. */
  readonly collectIdle: (listener: Counted) => void;
  /** Stops looking for standstills of the event loop, and at the memory. */
  readonly unwatch: () => void;
}

/** Everything that outlives a reload. Throws when a proxy's URL or an authority file cannot be used. */
export async function layGround(options: GroundOptions, policy: Policy): Promise<Ground> {
  const level = levelNamed(options.env["SIDESTEP_LOG_LEVEL"] ?? "info") ?? "info";
  const log = createLog({ sink: process.stderr, reopen: standardErrorAgain, level });
  const ring = new DecisionRing(rememberedDecisions);
  const metrics = new Metrics();
  const timelines = new CallTimelines();
  const feed = new EventFeed(ring);
  const report = new Report();
  const history = new PolicyHistory();
  const audit = auditIn(log);
  const recorder = recorderOf([ring, metrics, log, audit, report, feed]);
  const spans = await createTracer(options.env, (fault) => recorder.fault("tracing", fault));
  const tracer = timelines.around(spans);
  const upstream = upstreamIn(options, metrics, log);
  const store = createMemoryStore(boundsFor(policy), () => metrics.evicted());
  const agreement = agreementIn(log, audit);
  const generators = generatorsIn(log);
  const stateFolder = await stateFolderFor(options, log);
  const memory = memoryIn(log, store);
  const watches = [stallsIn(log), memory.begin()];
  const telemetry = {
    ring,
    timelines,
    feed,
    report,
    history,
    log,
    metrics,
    audit,
    recorder,
    tracer,
    turnedAway: tellTurnedAway(log, metrics),
    collectIdle: (listener: Counted) => void watches.push(collectWhenIdle(listener)),
    unwatch: () => watches.forEach((stop) => stop()),
    agreement,
  };
  return { ...telemetry, memory, upstream, store, generators, stateFolder };
}

/** The way to the cloud, with each change of a breaker in figures and log. */
function upstreamIn({ env, caFiles }: GroundOptions, metrics: Metrics, log: Log): ClosableUpstream {
  return createUpstream({
    env,
    caFiles,
    onChange: ({ name, from, to }) => {
      metrics.upstreams.breakerChanged(name, to);
      log.event("warn", "breaker", { name, from, to });
    },
  });
}

/** The audit log, which stands still until a policy names a file. */
function auditIn(log: Log): AuditLog {
  return new AuditLog({
    log,
    stdout: process.stdout,
    credentialOf: (lines) => {
      const fingerprint = credentialOf(lines);
      return fingerprint === "none" ? null : fingerprint;
    },
  });
}

/** A store that the memory cannot hold would end everything. */
function boundsFor({ store }: Policy): Policy["store"] {
  return { ...store, maxBytes: Math.min(store.maxBytes, roomHere().memoryBytes / 4) };
}

/** The watch on the event loop. */
function stallsIn(log: Log): () => void {
  return watchStalls((ms) => log.event("warn", "event_loop_stalled", { ms }));
}

/** The watch on the memory, which shuts the store while it is low; both told in the log. */
function memoryIn(log: Log, store: MemoryStore): MemoryWatch {
  return new MemoryWatch({
    read: memoryUse,
    changed: (isLow, use) => {
      store.shut(isLow);
      log.event("warn", isLow ? "memory_low" : "memory_recovered", { ...use });
    },
  });
}

/** What a stream that has broken cannot be: whole again. */
function standardErrorAgain(): Writable {
  return createWriteStream("", { fd: 2, autoClose: false });
}

/** The book of agreement, with each change of a route's standing in the log, and each comparison in the audit log. */
function agreementIn(log: Log, audit: AuditLog): Agreement {
  const onSuspension: OnSuspension = ({ route, suspendedAt, checked }) => {
    const event = suspendedAt === null ? "route_resumed" : "route_suspended";
    log.event("warn", event, { route, checked: { ...checked } });
  };
  return new Agreement(onSuspension, (compared) => audit.compared(compared));
}

/** The text generators, with each change of their state in the log. */
function generatorsIn(log: Log): Generators {
  return new Generators((model, { status, error }) =>
    log.event(status === "failed" ? "warn" : "info", "generator", { model, status, error }),
  );
}

/** A policy was loaded: what outlives the reload takes it up. */
export function useInGround(ground: Ground, policy: Policy): void {
  ground.generators.use(policy);
  ground.agreement.use(policy);
  ground.audit.use(policy.audit);
}

/** Ends what outlives a reload; what is pending is sent and written, for a bounded time. */
export async function closeGround(ground: Ground): Promise<void> {
  ground.unwatch();
  await Promise.all([ground.upstream.close(), ground.generators.close()]);
  await Promise.all([ground.tracer.close(), ground.audit.close()]);
  await ground.log.close();
}

async function stateFolderFor(options: GroundOptions, log: Log): Promise<string | null> {
  const { folder, problem, isNamed } = await openStateFolder(options.state, options.env);
  if (problem !== null) log.event(isNamed ? "warn" : "info", "state_not_kept", { problem });
  return folder;
}
