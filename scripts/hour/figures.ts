/** What the hour came to, by the sidecar's own metrics at the Prometheus that scraped it. */
import type { Prometheus } from "../../test/support/prometheus.ts";

/** Question -> query. */
const questions: Readonly<Record<string, string>> = {
  calls: "sum(sidestep_requests_total)",
  "answered in the pod": 'sum(sidestep_requests_total{decision="local"})',
  "served from the store": 'sum(sidestep_requests_total{decision=~"cache|stale"})',
  "left to the cloud and compared": 'sum(sidestep_requests_total{reason="random_cloud"})',
  "share that never reached a provider, %":
    '100 * sum(sidestep_requests_total{decision=~"local|cache|stale"}) / sum(sidestep_requests_total)',
  "saved, USD": "sum(sidestep_saved_usd_total)",
  "spent, USD": "sum(sidestep_cost_usd_total)",
  "faults of our own": "sum(sidestep_faults_total)",
  "audit records written": 'sum(sidestep_audit_records{result="written"})',
  "audit records lost": 'sum(sidestep_audit_records{result="dropped"})',
};

/** Each figure, as text. */
export async function figuresOf(prometheus: Prometheus): Promise<readonly [string, string][]> {
  return Promise.all(
    Object.entries(questions).map(async ([question, query]): Promise<[string, string]> => {
      const [found] = await prometheus.query(query);
      const value = found?.value ?? 0;
      return [question, Number.isInteger(value) ? String(value) : value.toPrecision(3)];
    }),
  );
}
