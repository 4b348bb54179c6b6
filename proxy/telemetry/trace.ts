/** Tracing, off unless OTEL_* asks for it: OpenTelemetry is imported only then; assemble joins it to the layers. */
import type { CallSpan, Tracer } from "../core/tracing.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The spans of a call that is not traced. */
export const noSpan: CallSpan = {
  traceId: null,
  decide: () => nothing,
  look: () => nothing,
  servedFrom: nothing,
  origin: null,
  hear: () => null,
  compare: () => nothing,
  attempt: () => [],
  end: nothing,
};

/** A tracer that traces nothing. */
export const noTracer: Tracer = {
  start: () => noSpan,
  keepsContent: false,
  close: async () => {},
};

/** Whether the environment asks for traces, in OpenTelemetry's own variables. */
export function isTracingOn(env: Environment): boolean {
  if (isDisabled(env)) return false;
  const exporters = listOf(env["OTEL_TRACES_EXPORTER"]);
  if (exporters.length > 0) return !exporters.includes("none");
  const endpoints = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
  return endpoints.some((name) => (env[name] ?? "").trim() !== "");
}

/** Whether OpenTelemetry is switched off as a whole. */
export function isDisabled(env: Environment): boolean {
  return env["OTEL_SDK_DISABLED"]?.trim().toLowerCase() === "true";
}

/**
 * A tracer as the environment asks for it. Never fails: when OpenTelemetry cannot start, `onFault` is
 * told and nothing is traced.
 */
export async function createTracer(
  env: Environment,
  onFault: (fault: unknown) => void,
): Promise<Tracer> {
  if (!isTracingOn(env)) return noTracer;
  try {
    const { startTracer } = await import("./otel-tracer.ts");
    return startTracer(env, onFault);
  } catch (fault) {
    onFault(fault);
    return noTracer;
  }
}

/** The words of a list with commas, in lower case. */
export function listOf(text: string | undefined): string[] {
  const parts = (text ?? "").split(",").map((part) => part.trim().toLowerCase());
  return parts.filter((part) => part !== "");
}

function nothing(): void {}
