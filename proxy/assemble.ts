/** The only file that knows every part of a call's way: the stack is written here once, for each policy anew. */
import type { Ground, GroundOptions } from "./ground.ts";
import { dirname } from "node:path";
import { accountAnswer } from "./answers/account.ts";
import { answererOf } from "./answers/registry.ts";
import { Stack } from "./core/layer.ts";
import type { Policy } from "./core/policy.ts";
import type { Classifier } from "./core/ports.ts";
import type { Received, Snapshot } from "./core/received.ts";
import { createClassifier, type LocalClassifier } from "./inference/classifier.ts";
import { fitSnapshotParts } from "./inference/snapshot-parts.ts";
import { textComparer } from "./inference/text-comparer.ts";
import { admit } from "./layers/admit.ts";
import { answer, type AnswerParts } from "./layers/answer.ts";
import { decide } from "./layers/decide.ts";
import { deliberation } from "./layers/deliberation.ts";
import { explain, type Explanation } from "./layers/explain.ts";
import { forward } from "./layers/forward.ts";
import { hear } from "./layers/hear.ts";
import { observe } from "./layers/observe.ts";
import { recall, recallRouted, type RecallParts } from "./layers/recall.ts";
import { remember } from "./layers/remember.ts";
import { rescue } from "./layers/rescue.ts";
import { upgrade } from "./layers/upgrade.ts";
import type { VerifyParts } from "./layers/verify.ts";
import type { Live } from "./server/live.ts";
import { signalReaders } from "./signals/registry.ts";
import {
  measuredClassifier,
  measuredStore,
  measuredUpstream,
  timed,
} from "./telemetry/measured.ts";
import type { MetricSources } from "./telemetry/metric-sources.ts";
import { createMetricsExport, type MetricsExport } from "./telemetry/metrics-export.ts";
import { programVersion } from "./telemetry/program-version.ts";

/** What one policy brought up: swapped whole on a reload. */
export interface Generation {
  readonly policy: Policy;
  /** Null when the policy runs without a model. */
  readonly classifier: LocalClassifier | null;
  /** Whether nothing that the policy needs of a model is missing. */
  readonly isWhole: boolean;
  readonly live: Live;
  readonly explain: (received: Received) => Promise<Explanation>;
  readonly loadedAt: string;
}

/** Answers nothing: for policies without a model. */
const noClassifier: Classifier = {
  classify: () => Promise.resolve({ kind: "fault", reason: "model_unavailable" }),
};

const nothingFitted = { intents: null, faqs: new Map(), labels: new Map() };

/** A policy before its intents are fitted: everything that needs the model is forwarded. */
export function bareGeneration(ground: Ground, policy: Policy): Generation {
  return generationOf(ground, bareSnapshot(policy, false), {
    classifier: classifierFor(ground, policy, null),
    isWhole: policy.model === null,
  });
}

function bareSnapshot(policy: Policy, isStopped: boolean): Snapshot {
  return { ...nothingFitted, policy, isStopped };
}

/**
 * Builds everything for a policy beside what runs; live calls go first while intents are fitted.
 * Rejects when the policy's model cannot be had while `before` serves well: the last good one stays.
 */
export async function nextGeneration(
  ground: Ground,
  policy: Policy,
  before: Generation,
): Promise<Generation> {
  const classifier = classifierFor(ground, policy, before);
  const bare = bareSnapshot(policy, before.live.snapshot.isStopped);
  if (classifier === null) return generationOf(ground, bare, { classifier, isWhole: true });
  const isNew = classifier !== before.classifier;
  const keepsBefore = before.isWhole && before.classifier?.state.isFinal !== true;
  try {
    if (isNew && keepsBefore) await loaded(classifier, policy);
    const fitted = await fitSnapshotParts(policy, classifier);
    return generationOf(ground, { ...bare, ...fitted }, { classifier, isWhole: true });
  } catch (fault) {
    ground.recorder.fault("fitting", fault);
    if (!keepsBefore) return generationOf(ground, bare, { classifier, isWhole: false });
    if (isNew) await classifier.close();
    throw fault;
  }
}

/** The first load decides: while another model serves, nobody waits for this one to be tried again. */
async function loaded(classifier: LocalClassifier, policy: Policy): Promise<void> {
  const { status, error } = await classifier.ready;
  if (status === "ready") return;
  throw new Error(`the model ${policy.model ?? ""} could not be loaded: ${error ?? status}`);
}

/** The artefact, version and variant that decides; null while none is loaded. */
export function modelNameOf({ classifier }: Generation): string | null {
  return classifier?.state.status === "ready" ? (classifier.state.model?.name ?? null) : null;
}

/** What `/metrics` asks the parts for. */
function metricSources(ground: Ground, current: () => Generation): MetricSources {
  const { upstream, store, log, agreement, audit, memory } = ground;
  return {
    breakers: () => upstream.breakers(),
    upstreams: () => {
      const { providers, targets } = current().policy;
      const names = new Set([...providers.keys(), ...targets.keys()]);
      return [...names].map((name) => ({ name, isAvailable: !upstream.isDown(name) }));
    },
    store: () => store.usage(),
    isMemoryLow: () => memory.isLow,
    classifier: () => current().classifier?.state.status ?? "absent",
    queueLimit: () => current().policy.limits.queue,
    model: () => modelNameOf(current()),
    droppedLines: () => log.dropped(),
    audit: () => audit.state,
    agreement: () => agreement.standings(),
  };
}

/** Joins the figures to what they are read from, and pushes them where the environment asks for it. */
export async function beginMetrics(
  ground: Ground,
  env: GroundOptions["env"],
  current: () => Generation,
): Promise<MetricsExport> {
  const { metrics, recorder } = ground;
  const version = await programVersion().catch(() => "unknown");
  metrics.began(version);
  metrics.watch(metricSources(ground, current));
  const onFault = (fault: unknown): void => recorder.fault("otlp_metrics", fault);
  return createMetricsExport({ env, version, figures: () => metrics.figures(), onFault });
}

/** The same generation with answering switched off or on. */
export function stoppedGeneration(
  ground: Ground,
  from: Generation,
  isStopped: boolean,
): Generation {
  const next = generationOf(ground, { ...from.live.snapshot, isStopped }, from);
  return { ...next, loadedAt: from.loadedAt };
}

/** The running classifier where the model stays the same; one that has given up is tried anew. */
function classifierFor(
  ground: Ground,
  policy: Policy,
  before: Generation | null,
): LocalClassifier | null {
  const { model, limits } = policy;
  if (model === null) return null;
  const isKept = before?.policy.model === model && before.classifier?.state.isFinal === false;
  const kept = isKept ? before.classifier : null;
  kept?.setQueueLimit(limits.queue);
  const options = { base: dirname(policy.files[0] ?? "."), queueLimit: limits.queue };
  const onLost = (problem: string): void => ground.log.event("warn", "state_not_kept", { problem });
  const cache = { folder: ground.stateFolder, onLost };
  return (
    kept ?? told(createClassifier({ model, ...options, cache, tally: ground.metrics }), ground)
  );
}

/** The classifier, with each change of its state in the log. */
function told(classifier: LocalClassifier, { log }: Ground): LocalClassifier {
  classifier.onChange(({ status, error, model }) => {
    const level = status === "failed" ? "warn" : "info";
    log.event(level, "model", { status, model: model?.name ?? null, error });
  });
  return classifier;
}

/** What the layers of one generation ask for, each with its use counted. */
function partsOf(ground: Ground, classifier: LocalClassifier | null) {
  const { recorder: faults, metrics, agreement } = ground;
  const model = measuredClassifier(classifier ?? noClassifier, metrics);
  const measures = { classifier: model, signals: signalReaders };
  const deliberate = timed(
    deliberation({ ...measures, readsAll: false }),
    (seconds, { id, span }) => metrics.decided(seconds, { id, traceId: span?.traceId ?? null }),
  );
  const answers: AnswerParts = { deliberate, answers: answererOf(ground.generators), faults };
  const store = measuredStore(ground.store, metrics);
  const stored: RecallParts = { store, now: () => Date.now(), faults };
  const comparer = textComparer(model);
  const verify: VerifyParts = { agreement, comparer, random: () => Math.random(), faults };
  return {
    upstream: measuredUpstream(ground.upstream, metrics.upstreams),
    deliberate,
    thorough: { deliberate: deliberation({ ...measures, readsAll: true }), faults },
    answers,
    stored,
    verify,
  };
}

/** The way of a call, written once: what is added last is met first. */
function generationOf(
  ground: Ground,
  snapshot: Snapshot,
  { classifier, isWhole }: Pick<Generation, "classifier" | "isWhole">,
): Generation {
  const { recorder, tracer, audit } = ground;
  const parts = partsOf(ground, classifier);
  const { upstream, deliberate, thorough, answers, stored, verify } = parts;
  const faults = recorder;
  const decided = new Stack(forward({ upstream }))
    .under(rescue({ upstream, recall: stored, answer: answers, faults }))
    .under(remember(stored))
    .under(recallRouted(stored))
    .under(answer(answers, verify))
    .under(decide({ deliberate, faults }))
    .under(recall(stored))
    .under(admit());
  const traced = tracer.keepsContent
    ? decided.under(hear({ listener: ({ span }) => span?.hear() ?? null, faults }))
    : decided;
  const stack = traced
    .under(observe({ recorder, tracer }))
    .under(hear({ listener: (received) => audit.listener(received), faults }));
  return {
    policy: snapshot.policy,
    classifier,
    isWhole,
    live: { snapshot, step: stack.step, upgrade: upgrade({ recorder, tracer, tunnels: upstream }) },
    explain: (received) =>
      explain(
        { decide: thorough, answer: { ...answers, ...thorough }, account: accountAnswer },
        received,
      ),
    loadedAt: new Date().toISOString(),
  };
}
