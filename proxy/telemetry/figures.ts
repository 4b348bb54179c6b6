/** A registry's figures as plain data, the same for the text formats and for OTLP; read at each scrape or export. */
import type { Registry, RegistryContentType } from "prom-client";

/** What a family of samples counts. */
export type FigureKind = "counter" | "gauge" | "histogram" | "summary" | "unknown";

/** One call that stands for those that fell into the same bucket. */
export interface FigureExemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Epoch seconds. */
  readonly atSeconds: number;
}

/** One number. */
export interface Sample {
  /** The family's name, with `_bucket`, `_sum` or `_count` for a part of a histogram. */
  readonly name: string;
  readonly labels: readonly (readonly [string, string])[];
  readonly value: number;
  readonly exemplar: FigureExemplar | null;
}

/** All samples of one metric. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly kind: FigureKind;
  readonly samples: readonly Sample[];
}

const kinds: readonly FigureKind[] = ["counter", "gauge", "histogram", "summary"];

/** Every family of the registry, as it stands now. */
export async function figuresOf(
  registry: Registry<RegistryContentType>,
): Promise<readonly Family[]> {
  const metrics = await registry.getMetricsAsJSON();
  return metrics.map(({ name, help, type, values }) => ({
    name,
    help,
    // The library's types call it an enumeration of numbers; it is a word.
    kind: kinds.find((kind) => kind === String(type)) ?? "unknown",
    samples: values.map((value) => sampleOf(name, value)),
  }));
}

interface Given {
  readonly value: number;
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
  readonly metricName?: string;
  readonly exemplar?: unknown;
}

function sampleOf(name: string, given: Given): Sample {
  const labels = Object.entries(given.labels).map(
    ([label, value]) => [label, String(value ?? "")] as const,
  );
  const exemplar = exemplarOf(given.exemplar);
  return { name: given.metricName ?? name, labels, value: given.value, exemplar };
}

/** The library's types do not speak of exemplars. */
function exemplarOf(given: unknown): FigureExemplar | null {
  if (typeof given !== "object" || given === null) return null;
  if (!("labelSet" in given && "value" in given && "timestamp" in given)) return null;
  const { labelSet, value, timestamp } = given;
  if (typeof labelSet !== "object" || labelSet === null) return null;
  if (typeof value !== "number" || typeof timestamp !== "number") return null;
  const labels = Object.entries(labelSet).map(([label, word]) => [label, String(word)] as const);
  return { labels: Object.fromEntries(labels), value, atSeconds: timestamp };
}
