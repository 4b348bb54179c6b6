/** Words that the dashboard's rows are written in: queries over the chosen sidecars, and panels. */
import type { Panel, Query, Unit } from "./grafana.ts";

/** A metric of the chosen sidecars. */
export function of(metric: string, labels = ""): string {
  const chosen = 'job=~"$job",instance=~"$instance"';
  return `${metric}{${labels === "" ? chosen : `${chosen},${labels}`}}`;
}

/** How fast a counter grows, by labels. */
export function rate(metric: string, by: string, labels = ""): string {
  return `sum by (${by}) (rate(${of(metric, labels)}[$__rate_interval]))`;
}

/** By how much a counter grew in the time that is shown. */
export function grown(metric: string, labels = ""): string {
  return `sum(increase(${of(metric, labels)}[$__range]))`;
}

/** A quantile of a histogram. */
export function quantile(share: number, metric: string, by = "", labels = ""): string {
  const groups = by === "" ? "le" : `le, ${by}`;
  const buckets = `rate(${of(`${metric}_bucket`, labels)}[$__rate_interval])`;
  return `histogram_quantile(${share}, sum by (${groups}) (${buckets}))`;
}

/** A query whose series are called so. */
export function query(expr: string, legend = ""): Query {
  return { expr, legend };
}

/** What a panel shows. */
export interface Shape {
  readonly about: string;
  readonly unit: Unit;
  readonly width?: number;
  readonly queries: readonly Query[];
}

/** A panel: half a page wide, a single number a sixth. */
export function panel(kind: Panel["kind"], title: string, shape: Shape): Panel {
  return { kind, title, width: kind === "stat" ? 4 : 12, ...shape };
}

/** How long a provider takes to begin, which a direct call waits, too. */
export const direct = "sidestep_upstream_first_byte_seconds";

/** How fast each series of a counter grows. */
export function rateOfEach(metric: string): string {
  return `rate(${of(metric)}[$__rate_interval])`;
}
