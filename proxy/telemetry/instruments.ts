/** Makes the metrics of the table on one registry, without a lookup by name anywhere else; used by metrics. */
import { Counter, Gauge, Histogram, type OpenMetricsContentType, type Registry } from "prom-client";
import { SeriesCap } from "./label-cap.ts";
import { metricTable, type MetricName } from "./metric-table.ts";

/** Upper bounds in seconds: of work inside the pod, and of what a provider may take. */
const buckets: Readonly<Record<"short" | "long", number[]>> = {
  short: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
  long: [
    0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48,
    40.96, 81.92, 163.84, 327.68, 655.36,
  ],
};

/** Most series of a metric with several open labels. */
const mostSeries = 1000;

interface Row {
  readonly kind: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
  /** Labels whose values the policy names, where several of them could multiply. */
  readonly open?: readonly string[];
  readonly buckets?: keyof typeof buckets;
}

/** Names of one kind. */
export type NameOf<Kind extends Row["kind"]> = {
  [Name in MetricName]: (typeof metricTable)[Name]["kind"] extends Kind ? Name : never;
}[MetricName];

/** Label values by label. */
export type Labels = Readonly<Record<string, string>>;

/** The call that an exemplar points at. */
export interface CallRef {
  readonly id: string;
  /** Absent while the call is not traced. */
  readonly traceId?: string | null;
}

/** The metrics of the table, made and registered. */
export class Instruments {
  readonly #counters: Map<string, Counter> = new Map();
  readonly #gauges: Map<string, Gauge> = new Map();
  readonly #histograms: Map<string, Histogram> = new Map();
  readonly #caps: Map<string, SeriesCap> = new Map();

  constructor(registry: Registry<OpenMetricsContentType>) {
    const rows: readonly [string, Row][] = Object.entries(metricTable);
    for (const [name, row] of rows) {
      this.#make(registry, name, row);
      if (row.open !== undefined) this.#caps.set(name, new SeriesCap(mostSeries, row.open));
    }
  }

  /** Adds to a counter; what is no positive number is left out. */
  add(name: NameOf<"counter">, labels: Labels, amount = 1): void {
    if (!(amount > 0 && Number.isFinite(amount))) return;
    const bounded = this.#caps.get(name)?.labels(labels) ?? labels;
    this.#counters.get(name)?.inc(bounded, amount);
  }

  /** Shows a counter at 0 before anything is counted, so that its first event is seen as a rise. */
  begin(name: NameOf<"counter">, labels: Labels): void {
    this.#counters.get(name)?.inc(labels, 0);
  }

  /** What a counter with one label has counted, by that label's value. */
  async counted(name: NameOf<"counter">, label: string): Promise<Readonly<Record<string, number>>> {
    const metric = await this.#counters.get(name)?.get();
    const values = metric?.values ?? [];
    return Object.fromEntries(values.map(({ labels, value }) => [String(labels[label]), value]));
  }

  set(name: NameOf<"gauge">, labels: Labels, value: number): void {
    this.#gauges.get(name)?.set(labels, value);
  }

  /** Forgets all values of a gauge. */
  clear(name: NameOf<"gauge">): void {
    this.#gauges.get(name)?.reset();
  }

  /** Observes a duration, with the call as the bucket's exemplar; what is no number from 0 is left out. */
  seconds(name: NameOf<"histogram">, labels: Labels, value: number, call?: CallRef): void {
    if (!(value >= 0 && Number.isFinite(value))) return;
    const exemplarLabels = call === undefined ? {} : exemplarOf(call);
    this.#histograms.get(name)?.observe({ labels, value, exemplarLabels });
  }

  #make(registry: Registry<OpenMetricsContentType>, name: string, row: Row): void {
    const plain = { name, help: row.help, labelNames: [...row.labels], registers: [registry] };
    switch (row.kind) {
      case "counter":
        this.#counters.set(name, new Counter(plain));
        return;
      case "gauge":
        this.#gauges.set(name, new Gauge(plain));
        return;
      case "histogram": {
        const bounds = buckets[row.buckets ?? "long"];
        const histogram = new Histogram({ ...plain, buckets: bounds, enableExemplars: true });
        this.#histograms.set(name, histogram);
      }
    }
  }
}

/** Ids of our own making only, so that no caller's word gets in and the format's bound is kept. */
function exemplarOf({ id, traceId }: CallRef): Labels {
  return { request_id: id, ...(typeof traceId === "string" ? { trace_id: traceId } : {}) };
}
