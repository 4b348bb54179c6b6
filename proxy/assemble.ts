/** The only file that knows every part of a call's way: the stack is written here once, for each policy anew. */
import { dirname } from "node:path";
import { accountAnswer } from "./answers/account.ts";
import { answerer } from "./answers/registry.ts";
import { Stack } from "./core/layer.ts";
import type { Policy } from "./core/policy.ts";
import type { Classifier, Recorder, Tracer } from "./core/ports.ts";
import type { Received, Snapshot } from "./core/received.ts";
import { createClassifier, type LocalClassifier } from "./inference/classifier.ts";
import { fitSnapshotParts } from "./inference/snapshot-parts.ts";
import { answer, type AnswerParts } from "./layers/answer.ts";
import { decide } from "./layers/decide.ts";
import { deliberation } from "./layers/deliberation.ts";
import { explain, type Explanation } from "./layers/explain.ts";
import { forward } from "./layers/forward.ts";
import { observe } from "./layers/observe.ts";
import { recall, recallRouted, type RecallParts } from "./layers/recall.ts";
import { remember } from "./layers/remember.ts";
import { rescue } from "./layers/rescue.ts";
import { upgrade } from "./layers/upgrade.ts";
import type { Live } from "./server/live.ts";
import { signalReaders } from "./signals/registry.ts";
import { createMemoryStore, type MemoryStore } from "./store/memory.ts";
import { DecisionRing } from "./telemetry/decision-ring.ts";
import { createLog, levelNamed, type Log } from "./telemetry/log.ts";
import { measuredClassifier, measuredStore, timed } from "./telemetry/measured.ts";
import { Metrics } from "./telemetry/metrics.ts";
import { recorderOf } from "./telemetry/recorder.ts";
import { createTracer } from "./telemetry/trace.ts";
import { createUpstream, type ClosableUpstream } from "./upstream/upstream.ts";

/** How many records `/decisions` remembers. */
const rememberedDecisions = 1000;

/** What the ground is laid from. */
export interface GroundOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Extra certificate authorities, PEM files. */
  readonly caFiles: readonly string[];
}

/** What lives as long as the process. */
export interface Ground {
  readonly ring: DecisionRing;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly recorder: Recorder;
  readonly tracer: Tracer;
  readonly upstream: ClosableUpstream;
  readonly store: MemoryStore;
}

/** What one policy brought up: swapped whole on a reload. */
export interface Generation {
  readonly policy: Policy;
  /** Null when the policy runs without a model. */
  readonly classifier: LocalClassifier | null;
  readonly live: Live;
  readonly explain: (received: Received) => Promise<Explanation>;
  readonly loadedAt: string;
}

/** Answers nothing: for policies without a model. */
const noClassifier: Classifier = {
  classify: () => Promise.resolve({ kind: "fault", reason: "model_unavailable" }),
};

const nothingFitted = { intents: null, faqs: new Map(), labels: new Map() };

/** Everything that outlives a reload. Throws when a proxy's URL or an authority file cannot be used. */
export async function layGround(options: GroundOptions, policy: Policy): Promise<Ground> {
  const level = levelNamed(options.env["SIDESTEP_LOG_LEVEL"] ?? "info") ?? "info";
  const log = createLog({ sink: process.stderr, level });
  const ring = new DecisionRing(rememberedDecisions);
  const metrics = new Metrics();
  const recorder = recorderOf([ring, metrics, log]);
  const tracer = await createTracer(options.env, (fault) => recorder.fault("tracing", fault));
  const upstream = createUpstream({
    env: options.env,
    caFiles: options.caFiles,
    onChange: ({ name, from, to }) => log.event("warn", "breaker", { name, from, to }),
  });
  const store = createMemoryStore(policy.store);
  return { ring, log, metrics, recorder, tracer, upstream, store };
}

/** A policy before its intents are fitted: everything that needs the model is forwarded. */
export function bareGeneration(ground: Ground, policy: Policy): Generation {
  const snapshot: Snapshot = { ...nothingFitted, policy, isStopped: false };
  return generationOf(ground, snapshot, classifierFor(policy, null));
}

/** Builds everything for a policy beside what runs; live calls go first while intents are fitted. */
export async function nextGeneration(
  ground: Ground,
  policy: Policy,
  before: Generation,
): Promise<Generation> {
  const classifier = classifierFor(policy, before);
  const { isStopped } = before.live.snapshot;
  const bare: Snapshot = { ...nothingFitted, policy, isStopped };
  if (classifier === null) return generationOf(ground, bare, null);
  try {
    const fitted = await fitSnapshotParts(policy, classifier);
    return generationOf(ground, { ...bare, ...fitted }, classifier);
  } catch (fault) {
    ground.recorder.fault("fitting", fault);
    return generationOf(ground, bare, classifier);
  }
}

/** The same generation with answering switched off or on. */
export function stoppedGeneration(
  ground: Ground,
  from: Generation,
  isStopped: boolean,
): Generation {
  const next = generationOf(ground, { ...from.live.snapshot, isStopped }, from.classifier);
  return { ...next, loadedAt: from.loadedAt };
}

function classifierFor(policy: Policy, before: Generation | null): LocalClassifier | null {
  const isSame = before !== null && before.policy.model === policy.model;
  if (policy.model === null) return null;
  const base = dirname(policy.files[0] ?? ".");
  const kept = isSame ? before.classifier : null;
  kept?.setQueueLimit(policy.limits.queue);
  return kept ?? createClassifier({ model: policy.model, base, queueLimit: policy.limits.queue });
}

/** The way of a call, written once: what is added last is met first. */
function generationOf(
  ground: Ground,
  snapshot: Snapshot,
  classifier: LocalClassifier | null,
): Generation {
  const { upstream, recorder, tracer, metrics } = ground;
  const store = measuredStore(ground.store, metrics);
  const faults = recorder;
  const model = measuredClassifier(classifier ?? noClassifier, metrics);
  const deliberate = timed(deliberation({ classifier: model, signals: signalReaders }), (seconds) =>
    metrics.decided(seconds),
  );
  const answers: AnswerParts = { deliberate, answers: answerer, faults };
  const stored: RecallParts = { store, now: Date.now, faults };
  const stack = new Stack(forward({ upstream }))
    .under(rescue({ upstream, recall: stored, answer: answers, faults }))
    .under(remember(stored))
    .under(recallRouted(stored))
    .under(answer(answers))
    .under(decide({ deliberate, faults }))
    .under(recall(stored))
    .under(observe({ recorder, tracer }));
  return {
    policy: snapshot.policy,
    classifier,
    live: { snapshot, step: stack.step, upgrade: upgrade({ recorder, tracer, tunnels: upstream }) },
    explain: (received) =>
      explain(
        { decide: { deliberate, faults }, answer: answers, account: accountAnswer },
        received,
      ),
    loadedAt: new Date().toISOString(),
  };
}
