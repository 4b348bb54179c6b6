/** The decision record as JSON, the same for log line, `/decisions` and `explain`; holds no content. */
import type { DecisionRecord, RouteCheck, Usage, Verdict } from "../core/decision.ts";
import type { JsonObject } from "../core/request.ts";
import type { Classification, ModelSignals, Signals } from "../core/signals.ts";
import { scrubbed } from "./fault-summary.ts";

/** Longest text that a caller's own word may take. */
const longestText = 200;

/** The record in one flat object, for a log line. */
export function flatRecord(record: DecisionRecord): JsonObject {
  return {
    id: record.id,
    traceId: record.traceId ?? null,
    method: clipped(record.method),
    path: clipped(record.path),
    callerName: record.caller,
    protocol: record.protocol,
    model: record.model === null ? null : clipped(record.model),
    stream: record.stream,
    status: record.status,
    ending: record.ending,
    ...flatVerdict(record.verdict),
    replyModel: record.replyModel === null ? null : clipped(record.replyModel),
    finishReason: endings(record),
    ...flatUsage(record.usage),
    overheadMs: rounded(record.overheadMs),
    firstByteMs: rounded(record.firstByteMs),
    totalMs: rounded(record.totalMs),
    policy: record.policy,
  };
}

/** The record with its signals and the routes that were looked at, for pages and `explain`. */
export function fullRecord(record: DecisionRecord): JsonObject {
  return {
    at: record.at,
    ...flatRecord(record),
    controls: { ...record.controls },
    signals: record.verdict.signals === null ? null : signalsJson(record.verdict.signals),
    trail: record.verdict.trail.map(stepJson),
  };
}

function stepJson({ route, outcome, because, reason }: RouteCheck): JsonObject {
  return { route, outcome, because, reason };
}

/** Signals without the embedding, from which a text could be guessed. */
function signalsJson({ cheap, model }: Signals): JsonObject {
  const measured = {
    ...cheap,
    keywords: [...cheap.keywords],
    structure: { ...cheap.structure },
  };
  switch (model.kind) {
    case "unasked":
      return { cheap: measured, model: null };
    case "failed":
      return { cheap: measured, model: { failed: model.reason } };
    case "known":
      return { cheap: measured, model: modelJson(model.signals, model.classification) };
  }
}

function modelJson(signals: ModelSignals, classification: Classification): JsonObject {
  const { task, sentiment, intent } = signals;
  return {
    task: { ...task },
    taskBy: signals.taskBy,
    sentiment: sentiment === null ? null : { ...sentiment },
    emotion: signals.emotion,
    uncertainty: signals.uncertainty,
    injection: signals.injection,
    inScope: signals.inScope,
    difficulty: signals.difficulty,
    intent: intent === null ? null : { ...intent },
    isReadable: signals.isReadable,
    isByCharacters: signals.isByCharacters,
    tokens: classification.tokens,
    unknownShare: classification.unknownShare,
    model: classification.model,
  };
}

/** The artefact, version and variant that was asked about the call; null when none was. */
export function classifierOf(signals: Signals | null): string | null {
  return signals?.model.kind === "known" ? signals.model.classification.model : null;
}

function flatVerdict(verdict: Verdict): JsonObject {
  return {
    decision: verdict.decision,
    reason: verdict.reason,
    detail: verdict.detail,
    route: verdict.route,
    target: verdict.target,
    provider: verdict.provider,
    confidence: verdict.confidence,
    complexity: verdict.complexity,
    classifier: classifierOf(verdict.signals),
    wouldDecision: verdict.would?.decision ?? null,
    wouldReason: verdict.would?.reason ?? null,
    wouldRoute: verdict.would?.route ?? null,
    ageSeconds: verdict.ageSeconds,
    costUsd: verdict.costUsd,
    savedUsd: verdict.savedUsd,
  };
}

/** Of several choices each reason once. */
function endings({ finishReasons }: DecisionRecord): string | null {
  return finishReasons.length === 0 ? null : clipped([...new Set(finishReasons)].join(", "));
}

function flatUsage(usage: Usage | null): JsonObject {
  const cache = usage?.promptCache;
  return {
    inputTokens: usage?.inputTokens ?? null,
    outputTokens: usage?.outputTokens ?? null,
    cacheReadTokens: cache === undefined ? null : cache.readTokens,
    cacheWrittenTokens: cache === undefined ? null : cache.writtenTokens,
    isUsageEstimate: usage?.isEstimate ?? null,
  };
}

/** Bounded, and without what looks like a credential: callers put keys into the oddest places. */
function clipped(text: string): string {
  return scrubbed(text).slice(0, longestText);
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
