/** The tracer over OpenTelemetry; imported by trace.ts only when tracing is on, since loading it is not cheap. */
import { setTimeout as sleep } from "node:timers/promises";
import { trace, type Tracer as Spans } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { NodeSDK } from "@opentelemetry/sdk-node";
import type { CallSpan, TracedCall, Tracer } from "../core/tracing.ts";
import { CallTrace } from "./call-trace.ts";
import { readContext } from "./propagation.ts";
import { noSpan, type Environment } from "./trace.ts";
import { traceSettingsFrom, type TraceSettings } from "./trace-settings.ts";

/** Longest wait for the last spans when the process stops. */
const closeMs = 3000;

/**
 * Starts OpenTelemetry from its own environment variables, for traces alone. Throws when it cannot start;
 * `onFault` is told what the environment asks for that there is not.
 */
export function startTracer(env: Environment, onFault: (fault: unknown) => void): Tracer {
  const settings = traceSettingsFrom(env);
  for (const problem of settings.problems) onFault(new Error(problem));
  const isNamed = (env["OTEL_SERVICE_NAME"] ?? "") !== "" || namesService(env);
  const sdk = new NodeSDK({
    ...(isNamed ? {} : { serviceName: "sidestep" }),
    ...(wantsJson(env) ? { traceExporter: new OTLPTraceExporter() } : {}),
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
    textMapPropagator: null,
  });
  sdk.start();
  const spans = trace.getTracer("sidestep");
  return {
    start: (call) => startedSafely(spans, call, settings),
    keepsContent: settings.keepsContent,
    close: async () => {
      const stopped = sdk.shutdown().catch(() => {});
      await Promise.race([stopped, sleep(closeMs, undefined, { ref: false })]);
      trace.disable();
    },
  };
}

/** Some backends refuse protobuf, some JSON; OpenTelemetry's own default is protobuf. */
function wantsJson(env: Environment): boolean {
  const exporter = env["OTEL_TRACES_EXPORTER"]?.trim() ?? "";
  if (exporter !== "" && exporter !== "otlp") return false;
  const own = env["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] ?? env["OTEL_EXPORTER_OTLP_PROTOCOL"];
  return own?.trim() === "http/json";
}

function namesService(env: Environment): boolean {
  return /(?:^|,)\s*service\.name\s*=/.test(env["OTEL_RESOURCE_ATTRIBUTES"] ?? "");
}

function startedSafely(spans: Spans, call: TracedCall, settings: TraceSettings): CallSpan {
  try {
    const incoming = readContext(call.head.headers, settings.formats);
    return new CallTrace(spans, { call, incoming, settings });
  } catch {
    return noSpan;
  }
}
