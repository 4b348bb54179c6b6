/** The injector's own metrics; docs/injection.md lists them. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { metrics } from "./metric-table.ts";

/** What is counted and measured. */
export interface InjectorInstruments {
  readonly contentType: string;
  readonly text: () => Promise<string>;
  /** A pod was decided on; `reason` is empty for one that was not skipped. */
  admitted(result: "injected" | "unchanged" | "skipped", reason: string, seconds: number): void;
  /** A policy was reviewed. */
  reviewed(result: "allowed" | "refused"): void;
  fault(place: string): void;
  leading(isLeader: boolean): void;
  certificateEnds(atMs: number): void;
  /** Namespaces of pods that should have a sidecar and do not, one for each pod. */
  missing(namespaces: readonly string[]): void;
}

const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 3];

/** Instruments of one process. */
export function createInstruments(): InjectorInstruments {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const admissions = new Counter({ ...metrics.admissions, registers });
  const seconds = new Histogram({ ...metrics.seconds, buckets, registers });
  const reviews = new Counter({ ...metrics.reviews, registers });
  const faults = new Counter({ ...metrics.faults, registers });
  const leader = new Gauge({ ...metrics.leader, registers });
  const ends = new Gauge({ ...metrics.ends, registers });
  const missing = new Gauge({ ...metrics.missing, registers });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    admitted: (result, reason, taken) => {
      admissions.inc({ result, reason });
      seconds.observe(taken);
    },
    reviewed: (result) => reviews.inc({ result }),
    fault: (place) => faults.inc({ place }),
    leading: (isLeader) => {
      leader.set(isLeader ? 1 : 0);
      if (!isLeader) missing.reset();
    },
    certificateEnds: (atMs) => ends.set(atMs / 1000),
    missing: (namespaces) => {
      missing.reset();
      for (const namespace of namespaces) missing.inc({ namespace });
    },
  };
}
