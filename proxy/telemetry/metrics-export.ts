/** Figures pushed over OTLP, off unless OTEL_METRICS_EXPORTER asks for it: OpenTelemetry is imported only then; used by assemble. */
import type { Family } from "./figures.ts";
import { isDisabled, listOf, type Environment } from "./trace.ts";

/** A running export. */
export interface MetricsExport {
  /** Sends the last figures, for a bounded time. */
  close(): Promise<void>;
}

/** What the export needs. */
export interface ExportedFigures {
  readonly env: Environment;
  readonly version: string;
  readonly figures: () => Promise<readonly Family[]>;
  /** Told of every export that failed; calls are never held up by one. */
  readonly onFault: (fault: unknown) => void;
}

const noExport: MetricsExport = { close: async () => {} };

/** Whether the environment asks for it; an OTLP endpoint alone turns on traces, not this. */
export function isMetricsExportOn(env: Environment): boolean {
  return !isDisabled(env) && listOf(env["OTEL_METRICS_EXPORTER"]).includes("otlp");
}

/** An export as the environment asks for it. Never fails: when it cannot start, `onFault` is told and nothing is sent. */
export async function createMetricsExport(exported: ExportedFigures): Promise<MetricsExport> {
  if (!isMetricsExportOn(exported.env)) return noExport;
  try {
    const { startMetricsExport } = await import("./otlp-metrics.ts");
    return await startMetricsExport(exported);
  } catch (fault) {
    exported.onFault(fault);
    return noExport;
  }
}
