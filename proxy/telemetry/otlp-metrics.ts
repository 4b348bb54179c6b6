/** Pushes the figures to an OTLP collector at a fixed pace; imported by metrics-export only when that is on. */
import { setTimeout as sleep } from "node:timers/promises";
import type { HrTime } from "@opentelemetry/api";
import {
  defaultResource,
  detectResources,
  emptyResource,
  envDetector,
  hostDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
  type Resource,
} from "@opentelemetry/resources";
import {
  MeterProvider,
  PeriodicExportingMetricReader,
  type CollectionResult,
  type PushMetricExporter,
} from "@opentelemetry/sdk-metrics";
import type { ExportedFigures, MetricsExport } from "./metrics-export.ts";
import { metricDataOf } from "./otlp-figures.ts";
import type { Environment } from "./trace.ts";

/** Longest wait for the last figures when the process stops. */
const closeMs = 3000;

/** How OpenTelemetry says that an export went well. */
const success = 0;

const defaultIntervalMs = 60_000;
const defaultTimeoutMs = 30_000;

/** Starts pushing. Rejects when the environment asks for what there is not. */
export async function startMetricsExport(exported: ExportedFigures): Promise<MetricsExport> {
  const { env, onFault } = exported;
  const exportIntervalMillis = milliseconds(env, "OTEL_METRIC_EXPORT_INTERVAL", defaultIntervalMs);
  const timeoutMs = milliseconds(env, "OTEL_METRIC_EXPORT_TIMEOUT", defaultTimeoutMs);
  const reader = new PeriodicExportingMetricReader({
    exporter: told(await exporterFor(env), onFault),
    exportIntervalMillis,
    exportTimeoutMillis: Math.min(timeoutMs, exportIntervalMillis),
    metricProducers: [{ collect: () => collected(exported) }],
  });
  const provider = new MeterProvider({ resource: ourResource(), readers: [reader] });
  return {
    close: async () => {
      const stopped = provider.shutdown().catch(() => {});
      await Promise.race([stopped, sleep(closeMs, undefined, { ref: false })]);
    },
  };
}

/** Some backends refuse protobuf, some JSON; OpenTelemetry's own default is protobuf. */
async function exporterFor(env: Environment): Promise<PushMetricExporter> {
  const own = env["OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"] ?? env["OTEL_EXPORTER_OTLP_PROTOCOL"];
  const protocol = own?.trim() ?? "";
  switch (protocol) {
    case "http/json": {
      const { OTLPMetricExporter } = await import("@opentelemetry/exporter-metrics-otlp-http");
      return new OTLPMetricExporter();
    }
    case "":
    case "http/protobuf": {
      const { OTLPMetricExporter } = await import("@opentelemetry/exporter-metrics-otlp-proto");
      return new OTLPMetricExporter();
    }
    default:
      throw new Error(`metrics are sent by http/protobuf or http/json, not by ${protocol}`);
  }
}

/** The exporter, with each failure told; the reader itself would keep it to itself. */
function told(exporter: PushMetricExporter, onFault: (fault: unknown) => void): PushMetricExporter {
  return {
    export: (figures, done) => {
      exporter.export(figures, (result) => {
        const code: number = result.code;
        if (code !== success) onFault(result.error ?? new Error("not accepted"));
        done(result);
      });
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}

async function collected({ figures, version }: ExportedFigures): Promise<CollectionResult> {
  const span = { startTime: hrTime(performance.timeOrigin), endTime: hrTime(Date.now()) };
  const metrics = metricDataOf(await figures(), span);
  const scopeMetrics = [{ scope: { name: "sidestep", version }, metrics }];
  // The reader puts the provider's resource in its place.
  return { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] };
}

/** Many sidecars send to one place, so each says which one it is. */
function ourResource(): Resource {
  const detectors = [serviceInstanceIdDetector, hostDetector, envDetector];
  return defaultResource()
    .merge(resourceFromAttributes({ "service.name": "sidestep" }))
    .merge(detectResources({ detectors }));
}

function milliseconds(env: Environment, name: string, fallback: number): number {
  const value = Number(env[name] ?? "");
  return Number.isFinite(value) && value > 0 ? value : fallback;
}

function hrTime(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1000);
  return [seconds, Math.round((epochMs - seconds * 1000) * 1e6)];
}
