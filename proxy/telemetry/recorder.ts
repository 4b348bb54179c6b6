/** Hands every settled record and contained fault to all that want it; made in assemble, called by observe. */
import type { DecisionRecord } from "../core/decision.ts";
import type { RecordedCall, Recorder } from "../core/ports.ts";

/** One place that records go to; a place may care for records only. */
export interface RecordSink {
  record(record: DecisionRecord, call: RecordedCall): void;
  fault?(where: string, fault: unknown): void;
}

/** One recorder over all sinks. Never throws: a sink that does costs its own share and is reported to the rest. */
export function recorderOf(sinks: readonly RecordSink[]): Recorder {
  return {
    record: (record, call) => {
      for (const sink of sinks) {
        try {
          sink.record(record, call);
        } catch (fault) {
          reported(sinks, "telemetry", fault);
        }
      }
    },
    fault: (where, fault) => reported(sinks, where, fault),
  };
}

function reported(sinks: readonly RecordSink[], where: string, fault: unknown): void {
  for (const sink of sinks) {
    try {
      sink.fault?.(where, fault);
    } catch {
      // Nobody is left to tell.
    }
  }
}
