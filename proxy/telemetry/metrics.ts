/** Prometheus metrics on a registry of their own; assemble joins them to recorder, store, classifier and policy. */
import { collectDefaultMetrics, Registry, type OpenMetricsContentType } from "prom-client";
import type { DecisionRecord, Usage } from "../core/decision.ts";
import type { Recorder } from "../core/ports.ts";
import { contentTypes, formatFor, written, type ExpositionFormat } from "./exposition.ts";
import { figuresOf, type Family } from "./figures.ts";
import { Instruments, type CallRef } from "./instruments.ts";
import { LabelCap } from "./label-cap.ts";
import { faultPlaces } from "./fault-places.ts";
import { SourceReader, type MetricSources } from "./metric-sources.ts";
import { UpstreamMetrics } from "./upstream-metrics.ts";

/** Counts by what was counted; what never happened is left out. */
export type Counts = Readonly<Record<string, number>>;

/** How a classification ended. */
export type ClassifyResult = "ok" | "model_unavailable" | "decision_timeout" | "queue_full";

/** What is told of a policy in force. */
export interface LoadedPolicy {
  readonly revision: string;
  readonly mode: string;
  /** Names of its providers. */
  readonly providers?: Iterable<string>;
}

/** The library's own gauges whose names say that they are counters. */
const misnamed = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
];

/** Most distinct values of a label whose values the policy or a fault names. */
const mostValues = 100;

/** All metrics of the process: ours, and prom-client's own for process, event loop and heap. */
export class Metrics implements Recorder {
  readonly #registry: Registry<OpenMetricsContentType> = openRegistry();
  readonly #instruments: Instruments = new Instruments(this.#registry);
  readonly #routes: LabelCap = new LabelCap(mostValues);
  readonly #targets: LabelCap = new LabelCap(mostValues);
  readonly #providers: LabelCap = new LabelCap(mostValues);
  readonly #callers: LabelCap = new LabelCap(mostValues);
  readonly #places: LabelCap = new LabelCap(mostValues);
  readonly #sources: SourceReader = new SourceReader(this.#instruments, mostValues);
  #waiting = 0;

  /** Of providers and targets, which share their breakers' names. */
  readonly upstreams: UpstreamMetrics = new UpstreamMetrics(
    this.#instruments,
    new LabelCap(mostValues),
  );

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    for (const name of misnamed) this.#registry.removeSingleMetric(name);
    this.#instruments.set("sidestep_stopped", {}, 0);
    this.#instruments.set("sidestep_classifier_waiting", {}, 0);
  }

  /** The process serves from now on. What alerts watch begins at 0, so that the first event is a rise. */
  began(version: string): void {
    this.#instruments.set("sidestep_build_info", { version }, 1);
    const began = this.#instruments;
    for (const where of faultPlaces) began.begin("sidestep_faults_total", { where });
    for (const result of ["good", "bad"]) began.begin("sidestep_policy_reloads_total", { result });
    for (const result of ["hit", "stale"]) began.begin("sidestep_cache_requests_total", { result });
  }

  /** Names what is read at each scrape; later calls add to earlier ones. */
  watch(sources: MetricSources): void {
    this.#sources.watch(sources);
  }

  /** Everything, in the format that an `Accept` header asks for. */
  async page(accept: string): Promise<{ readonly contentType: string; readonly text: string }> {
    const format = formatFor(accept);
    return { contentType: contentTypes[format], text: await this.text(format) };
  }

  /** Everything in one of the two formats. */
  async text(format: ExpositionFormat = "text"): Promise<string> {
    return written(await this.figures(), format);
  }

  /** Everything as it stands now. */
  figures(): Promise<readonly Family[]> {
    this.#sources.read();
    return figuresOf(this.#registry);
  }

  record(record: DecisionRecord): void {
    const { verdict } = record;
    const { decision, reason } = verdict;
    const by = { decision };
    const provider = this.#providers.label(verdict.provider);
    this.#instruments.add("sidestep_requests_total", {
      decision,
      reason,
      route: this.#routes.label(verdict.route),
      target: this.#targets.label(verdict.target),
      provider,
    });
    this.#instruments.add("sidestep_endings_total", { ending: record.ending, decision });
    const { overheadMs, firstByteMs, totalMs } = record;
    this.#instruments.seconds("sidestep_overhead_seconds", by, overheadMs / 1000, record);
    this.#instruments.seconds("sidestep_first_byte_seconds", by, firstByteMs / 1000, record);
    this.#instruments.seconds("sidestep_request_seconds", by, totalMs / 1000, record);
    this.#recordWould(record);
    this.#recordMoney(record, provider);
    this.#recordCaller(record);
    if (decision === "cache" || decision === "stale") {
      const result = decision === "cache" ? "hit" : "stale";
      this.#instruments.add("sidestep_cache_requests_total", { result });
    }
  }

  fault(where: string): void {
    this.#instruments.add("sidestep_faults_total", { where: this.#places.label(where) });
  }

  /** Seconds from a readable request to its judgement. */
  decided(seconds: number, call?: CallRef): void {
    this.#instruments.seconds("sidestep_decision_seconds", {}, seconds, call);
  }

  /** A classification begins to wait; `classified` ends it. */
  classifying(): void {
    this.#waiting += 1;
    this.#instruments.set("sidestep_classifier_waiting", {}, this.#waiting);
  }

  classified(result: ClassifyResult, seconds: number): void {
    this.#waiting -= 1;
    this.#instruments.set("sidestep_classifier_waiting", {}, this.#waiting);
    this.#instruments.seconds("sidestep_classifier_seconds", { result }, seconds);
  }

  /** Sentences of a policy that were embedded, or were known from before. */
  sentences(computed: number, kept: number): void {
    this.#instruments.add("sidestep_fitted_sentences_total", { source: "computed" }, computed);
    this.#instruments.add("sidestep_fitted_sentences_total", { source: "kept" }, kept);
  }

  /** A policy's intents were fitted, or the fit was known from before. */
  fit(isKept: boolean): void {
    this.#instruments.add("sidestep_fits_total", { source: isKept ? "kept" : "computed" });
  }

  lookedUp(result: "found" | "absent" | "fault"): void {
    this.#instruments.add("sidestep_store_lookups_total", { result });
  }

  stored(result: "done" | "fault"): void {
    this.#instruments.add("sidestep_store_writes_total", { result });
  }

  /** Look-ups and writes of the store by how they ended. */
  async storeUse(): Promise<{ readonly lookups: Counts; readonly writes: Counts }> {
    const lookups = await this.#instruments.counted("sidestep_store_lookups_total", "result");
    const writes = await this.#instruments.counted("sidestep_store_writes_total", "result");
    return { lookups, writes };
  }

  /** A caller found no room. */
  turnedAway(): void {
    this.#instruments.add("sidestep_connections_refused_total", {});
  }

  /** A stored reply has made room for another. */
  evicted(): void {
    this.#instruments.add("sidestep_store_evictions_total", {});
  }

  /** A policy was loaded and is in force. `atMs` is epoch milliseconds. */
  policyLoaded(policy: LoadedPolicy, atMs: number): void {
    const { revision, mode, providers = [] } = policy;
    for (const name of providers) {
      const provider = this.#providers.label(name);
      this.#instruments.begin("sidestep_unpriced_total", { provider });
    }
    this.#instruments.clear("sidestep_policy_info");
    this.#instruments.set("sidestep_policy_info", { revision, mode }, 1);
    this.#instruments.add("sidestep_policy_reloads_total", { result: "good" });
    this.#instruments.set("sidestep_policy_last_reload_successful", {}, 1);
    const seconds = atMs / 1000;
    this.#instruments.set("sidestep_policy_last_reload_success_timestamp_seconds", {}, seconds);
  }

  /** A policy was refused; the last good one stays in force. */
  policyRefused(): void {
    this.#instruments.add("sidestep_policy_reloads_total", { result: "bad" });
    this.#instruments.set("sidestep_policy_last_reload_successful", {}, 0);
  }

  /** An operator switched answering off or on again. */
  stopped(isStopped: boolean): void {
    this.#instruments.set("sidestep_stopped", {}, Number(isStopped));
  }

  #recordWould({ verdict: { would } }: DecisionRecord): void {
    if (would === null) return;
    const { decision, reason } = would;
    const route = this.#routes.label(would.route);
    this.#instruments.add("sidestep_would_total", { decision, reason, route });
  }

  #recordMoney({ verdict, usage }: DecisionRecord, provider: string): void {
    const { decision, costUsd, savedUsd } = verdict;
    if (usage !== null) this.#recordTokens(usage, decision);
    if (costUsd !== null) this.#instruments.add("sidestep_cost_usd_total", { provider }, costUsd);
    if (savedUsd !== null) {
      this.#instruments.add("sidestep_saved_usd_total", { decision }, savedUsd);
    }
    const isUnpriced = decision === "forwarded" && usage !== null && costUsd === null;
    if (isUnpriced) this.#instruments.add("sidestep_unpriced_total", { provider });
  }

  /** Only where the policy names callers; the reason tells an unknown one from nobody's. */
  #recordCaller({ caller: name, verdict, usage }: DecisionRecord): void {
    const { decision, reason, costUsd } = verdict;
    if (name === null && reason !== "caller_unknown") return;
    const caller = this.#callers.label(name);
    this.#instruments.add("sidestep_caller_requests_total", { caller, decision });
    const tokens = "sidestep_caller_tokens_total";
    if (usage !== null) {
      this.#instruments.add(tokens, { caller, direction: "input" }, usage.inputTokens);
      this.#instruments.add(tokens, { caller, direction: "output" }, usage.outputTokens);
    }
    if (costUsd !== null)
      this.#instruments.add("sidestep_caller_cost_usd_total", { caller }, costUsd);
  }

  #recordTokens(usage: Usage, decision: string): void {
    const by = { decision, source: usage.isEstimate ? "estimate" : "provider" };
    const name = "sidestep_tokens_total";
    this.#instruments.add(name, { ...by, direction: "input" }, usage.inputTokens);
    this.#instruments.add(name, { ...by, direction: "output" }, usage.outputTokens);
  }
}

/** Of the kind that keeps exemplars; both formats are written from its figures. */
function openRegistry(): Registry<OpenMetricsContentType> {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return registry;
}
