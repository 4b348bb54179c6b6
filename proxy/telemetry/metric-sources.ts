/** What the parts of the process are asked for at each scrape, and how it is set; used by metrics. */
import { totalmem } from "node:os";
import type { BreakerState } from "../core/ports.ts";
import type { RouteAgreement } from "./agreement.ts";
import type { Instruments } from "./instruments.ts";
import { none } from "./label-cap.ts";

/** Where the local model stands; absent when the policy names none. */
export type ClassifierState = "ready" | "loading" | "failed" | "closed" | "absent";

/** A provider or target of the policy in force. */
export interface UpstreamStanding {
  readonly name: string;
  /** Whether its breaker lets calls through that could go elsewhere. */
  readonly isAvailable: boolean;
}

/** Open connections of callers, and what is served on them. */
export interface Activity {
  readonly connections: number;
  readonly calls: number;
  readonly tunnels: number;
}

/** What is read when `/metrics` is asked for; each may be left out. */
export interface MetricSources {
  readonly breakers?: () => readonly BreakerState[];
  readonly upstreams?: () => readonly UpstreamStanding[];
  readonly agreement?: () => readonly RouteAgreement[];
  readonly store?: () => { readonly entries: number; readonly bytes: number };
  /** Whether calls are only passed on, since memory is low. */
  readonly isMemoryLow?: () => boolean;
  readonly classifier?: () => ClassifierState;
  /** Most calls that may wait for the model. */
  readonly queueLimit?: () => number;
  /** Name of the model in force; null when none is loaded. */
  readonly model?: () => string | null;
  /** What is going on at the data listener; null while there is none. */
  readonly activity?: () => Activity | null;
  /** Log lines dropped since the start. */
  readonly droppedLines?: () => number;
  /** Where the audit log stands; null when there is none. */
  readonly audit?: () => AuditStanding | null;
}

/** What is read of the audit log. */
export interface AuditStanding {
  readonly written: number;
  readonly dropped: number;
  readonly problem: string | null;
}

const agreementGauges = [
  "sidestep_agreement_comparisons",
  "sidestep_agreement_wrong_ratio",
  "sidestep_route_suspended",
] as const;
const breakerStates = ["closed", "open", "half_open"] as const;
const classifierStates = ["ready", "loading", "failed", "closed", "absent"] as const;

/** Reads the sources into instruments. */
export class SourceReader {
  readonly #instruments: Instruments;
  readonly #most: number;
  #sources: MetricSources = {};
  #droppedSeen = 0;

  /** At most `most` breakers and as many upstreams are shown. */
  constructor(instruments: Instruments, most: number) {
    this.#instruments = instruments;
    this.#most = most;
  }

  /** Later calls add to earlier ones. */
  watch(sources: MetricSources): void {
    this.#sources = { ...this.#sources, ...sources };
  }

  read(): void {
    const { breakers, upstreams, store } = this.#sources;
    if (breakers !== undefined) this.#readBreakers(breakers());
    if (upstreams !== undefined) this.#readUpstreams(upstreams());
    if (store !== undefined) {
      const { entries, bytes } = store();
      this.#instruments.set("sidestep_store_entries", {}, entries);
      this.#instruments.set("sidestep_store_bytes", {}, bytes);
    }
    this.#readAgreement(this.#sources.agreement?.() ?? []);
    this.#readActivity();
    this.#readModel();
    this.#readAudit();
    this.#readDropped();
    this.#readMemory();
  }

  #readAgreement(standings: readonly RouteAgreement[]): void {
    for (const name of agreementGauges) this.#instruments.clear(name);
    for (const { route, checked, estimated, wrong, suspendedAt } of standings.slice(
      0,
      this.#most,
    )) {
      this.#instruments.set("sidestep_route_suspended", { route }, Number(suspendedAt !== null));
      for (const [by, counts] of Object.entries({ checked, estimated })) {
        for (const [outcome, many] of Object.entries(counts)) {
          this.#instruments.set("sidestep_agreement_comparisons", { route, outcome, by }, many);
        }
      }
      for (const [bound, share] of Object.entries(wrong ?? {})) {
        this.#instruments.set("sidestep_agreement_wrong_ratio", { route, bound }, share);
      }
    }
  }

  #readActivity(): void {
    const open = this.#sources.activity?.() ?? null;
    if (open === null) return;
    this.#instruments.set("sidestep_open_calls", {}, open.calls + open.tunnels);
    this.#instruments.set("sidestep_open_connections", {}, open.connections);
  }

  #readModel(): void {
    const { classifier, queueLimit, model } = this.#sources;
    const now = classifier?.() ?? null;
    for (const state of now === null ? [] : classifierStates) {
      this.#instruments.set("sidestep_classifier_state", { state }, Number(state === now));
    }
    const limit = queueLimit?.();
    if (limit !== undefined) this.#instruments.set("sidestep_classifier_queue_limit", {}, limit);
    this.#instruments.clear("sidestep_model_info");
    const name = model?.() ?? null;
    if (name !== null) this.#instruments.set("sidestep_model_info", { model: name }, 1);
  }

  #readAudit(): void {
    const audit = this.#sources.audit?.() ?? null;
    this.#instruments.clear("sidestep_audit_failing");
    this.#instruments.clear("sidestep_audit_records");
    if (audit === null) return;
    this.#instruments.set("sidestep_audit_failing", {}, Number(audit.problem !== null));
    this.#instruments.set("sidestep_audit_records", { result: "written" }, audit.written);
    this.#instruments.set("sidestep_audit_records", { result: "dropped" }, audit.dropped);
  }

  #readDropped(): void {
    const dropped = this.#sources.droppedLines?.() ?? 0;
    this.#instruments.add("sidestep_log_lines_dropped_total", {}, dropped - this.#droppedSeen);
    this.#droppedSeen = dropped;
  }

  /** Read anew each time, since a cluster may resize a running container. */
  #readMemory(): void {
    const bytes = process.constrainedMemory();
    const isBound = bytes > 0 && bytes < totalmem();
    this.#instruments.set("sidestep_memory_limit_bytes", {}, isBound ? bytes : totalmem());
    const isLow = this.#sources.isMemoryLow?.() ?? false;
    this.#instruments.set("sidestep_memory_low", {}, Number(isLow));
  }

  #readBreakers(breakers: readonly BreakerState[]): void {
    this.#instruments.clear("sidestep_breaker_state");
    for (const breaker of breakers.slice(0, this.#most)) {
      for (const state of breakerStates) {
        const labels = { upstream: breaker.name || none, state };
        this.#instruments.set("sidestep_breaker_state", labels, Number(state === breaker.state));
      }
    }
  }

  #readUpstreams(upstreams: readonly UpstreamStanding[]): void {
    this.#instruments.clear("sidestep_upstream_available");
    for (const { name, isAvailable } of upstreams.slice(0, this.#most)) {
      const labels = { upstream: name };
      this.#instruments.set("sidestep_upstream_available", labels, Number(isAvailable));
    }
  }
}
