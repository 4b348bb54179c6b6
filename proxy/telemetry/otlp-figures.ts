/** Our figures in OpenTelemetry's terms: the same names, labels and values as `/metrics` has; used by the OTLP export. */
import { ValueType, type HrTime } from "@opentelemetry/api";
import {
  AggregationTemporality,
  DataPointType,
  type DataPoint,
  type Histogram,
  type MetricData,
} from "@opentelemetry/sdk-metrics";
import type { Family, Sample } from "./figures.ts";

/** When counting began and when it was read. */
export interface Span {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

/** Every family that OpenTelemetry has a kind for; all are cumulative, as Prometheus' are. */
export function metricDataOf(families: readonly Family[], span: Span): MetricData[] {
  return families.flatMap((family) => dataOf(family, span) ?? []);
}

function dataOf(family: Family, span: Span): MetricData | null {
  const common = {
    descriptor: {
      name: family.name,
      description: family.help,
      unit: unitOf(family.name),
      valueType: ValueType.DOUBLE,
    },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  switch (family.kind) {
    case "counter": {
      const dataPoints = family.samples.map((sample) => pointOf(sample, span));
      return { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
    }
    case "gauge": {
      const dataPoints = family.samples.map((sample) => pointOf(sample, span));
      return { ...common, dataPointType: DataPointType.GAUGE, dataPoints };
    }
    case "histogram": {
      const dataPoints = histogramsOf(family.samples, span);
      return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints };
    }
    case "summary":
    case "unknown":
      return null;
  }
}

/** In UCUM, where the name says it; a unit that the name has already adds nothing to it in Prometheus. */
function unitOf(name: string): string {
  const base = name.replace(/_total$/, "");
  if (base.endsWith("_seconds")) return "s";
  return base.endsWith("_bytes") ? "By" : "";
}

function pointOf({ labels, value }: Sample, span: Span): DataPoint<number> {
  return { ...span, attributes: Object.fromEntries(labels), value };
}

/** One point for each set of labels besides the bound: its buckets come in rising order, then sum and count. */
function histogramsOf(samples: readonly Sample[], span: Span): DataPoint<Histogram>[] {
  const points: DataPoint<Histogram>[] = [];
  let begun = nothing();
  for (const { name, labels, value } of samples) {
    const rest = labels.filter(([label]) => label !== "le");
    const bound = labels.find(([label]) => label === "le")?.[1];
    if (bound !== undefined) begun.add(bound, value);
    else if (name.endsWith("_sum")) begun.sum = value;
    else {
      const histogram = { buckets: begun.buckets, sum: begun.sum, count: value };
      points.push({ ...span, attributes: Object.fromEntries(rest), value: histogram });
      begun = nothing();
    }
  }
  return points;
}

interface Begun {
  readonly buckets: Histogram["buckets"];
  sum: number;
  /** Takes the count up to a bound and keeps what is above the bound before. */
  readonly add: (bound: string, upTo: number) => void;
}

function nothing(): Begun {
  const buckets: Histogram["buckets"] = { boundaries: [], counts: [] };
  let below = 0;
  return {
    buckets,
    sum: 0,
    add: (bound, upTo) => {
      if (bound !== "+Inf") buckets.boundaries.push(Number(bound));
      buckets.counts.push(upTo - below);
      below = upTo;
    },
  };
}
