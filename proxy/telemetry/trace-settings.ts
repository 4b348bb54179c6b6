/** What the environment says of traces besides where they go: context formats, names, content; read once by the tracer. */
import { listOf, type Environment } from "./trace.ts";

/** A format that context is read and written in; `baggage` is only read. */
export type ContextFormat = "tracecontext" | "baggage" | "b3" | "b3multi";

/** Which names the GenAI attributes have: the newest, those of version 1.36, or both. */
export type Naming = "newest" | "older" | "both";

/** The settings. */
export interface TraceSettings {
  readonly formats: ReadonlySet<ContextFormat>;
  readonly naming: Naming;
  /** Whether spans hold what was asked and said, masked and cut. */
  readonly keepsContent: boolean;
  /** Keys of the caller's baggage that server spans tell. */
  readonly baggage: readonly string[];
  /** What the environment asks for that there is not, in words. */
  readonly problems: readonly string[];
}

const formats: readonly ContextFormat[] = ["tracecontext", "baggage", "b3", "b3multi"];

/** OpenTelemetry's words for content in spans; `true` is what it was called before. */
const contentWords: ReadonlySet<string> = new Set(["true", "span_only", "span_and_event"]);

export function traceSettingsFrom(env: Environment): TraceSettings {
  const asked = listOf(env["OTEL_PROPAGATORS"]);
  const words = asked.length === 0 ? ["tracecontext", "baggage"] : asked;
  const wanted = words.includes("none") ? [] : words;
  const known = formats.filter((format) => wanted.includes(format));
  const unknown = wanted.filter((word) => !formats.some((format) => format === word));
  const capture = env["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] ?? "";
  return {
    formats: new Set(known),
    naming: namingFrom(listOf(env["OTEL_SEMCONV_STABILITY_OPT_IN"])),
    keepsContent: contentWords.has(capture.trim().toLowerCase()),
    baggage: known.includes("baggage") ? keysOf(env["SIDESTEP_TRACE_BAGGAGE"]) : [],
    problems: unknown.map((word) => `OTEL_PROPAGATORS: ${word} is not known here`),
  };
}

function namingFrom(words: readonly string[]): Naming {
  if (words.includes("gen_ai/dup")) return "both";
  return words.includes("gen_ai/1.36") ? "older" : "newest";
}

/** Unlike the words above, keys keep their case. */
function keysOf(text: string | undefined): string[] {
  const keys = (text ?? "").split(",").map((key) => key.trim());
  return keys.filter((key) => key !== "");
}
