/** Rows of the dashboard about calls: how many, why so, what they cost and how long they took. */
import { direct, grown, of, panel, quantile, query, rate } from "./dashboard-parts.ts";
import type { Row } from "./grafana.ts";

const answered = 'decision=~"local|cache|stale"';

const overview: Row = {
  title: "At a glance",
  panels: [
    panel("stat", "Calls", {
      about: "Calls a second that have ended.",
      unit: "reqps",
      queries: [query(`sum(rate(${of("sidestep_requests_total")}[$__rate_interval]))`)],
    }),
    panel("stat", "Without the cloud", {
      about: "Share of calls that never reached a provider.",
      unit: "percentunit",
      queries: [
        query(
          `${grown("sidestep_requests_total", answered)} / ${grown("sidestep_requests_total")}`,
        ),
      ],
    }),
    panel("stat", "Saved", {
      about: "Estimated at list prices, in the time that is shown.",
      unit: "currencyUSD",
      queries: [query(grown("sidestep_saved_usd_total"))],
    }),
    panel("stat", "Spent", {
      about: "Estimated at list prices, in the time that is shown.",
      unit: "currencyUSD",
      queries: [query(grown("sidestep_cost_usd_total"))],
    }),
    panel("stat", "Own share, p99", {
      about: "What Sidestep itself adds to one forwarded call in a hundred, at least.",
      unit: "s",
      queries: [query(quantile(0.99, "sidestep_overhead_seconds", "", 'decision="forwarded"'))],
    }),
    panel("stat", "Emergency stop", {
      about: "Whether an operator has switched answering off.",
      unit: "bool",
      queries: [query(`max(${of("sidestep_stopped")})`)],
    }),
  ],
};

const traffic: Row = {
  title: "Traffic",
  panels: [
    panel("stacked", "Calls by decision", {
      about: "How calls were served.",
      unit: "reqps",
      queries: [query(rate("sidestep_requests_total", "decision"), "{{decision}}")],
    }),
    panel("timeseries", "Why", {
      about: "The ten most frequent reasons; docs/reasons.md says what each means.",
      unit: "reqps",
      queries: [query(`topk(10, ${rate("sidestep_requests_total", "reason")})`, "{{reason}}")],
    }),
    panel("stacked", "Calls by route", {
      about: "Which route of the policy decided; none: no route did.",
      unit: "reqps",
      queries: [query(rate("sidestep_requests_total", "route"), "{{route}}")],
    }),
    panel("stacked", "What would have been answered", {
      about: "Observed calls that would not have reached a provider, by route.",
      unit: "reqps",
      queries: [
        query(rate("sidestep_would_total", "route, decision", answered), "{{route}} {{decision}}"),
      ],
    }),
    panel("timeseries", "How calls ended", {
      about: "Complete, aborted by the caller, or cut by the provider.",
      unit: "reqps",
      queries: [query(rate("sidestep_endings_total", "ending"), "{{ending}}")],
    }),
    panel("timeseries", "Errors of our own", {
      about: "Calls that got an error of Sidestep's, since no provider could be reached.",
      unit: "reqps",
      queries: [
        query(
          rate("sidestep_requests_total", "reason", 'reason=~"upstream_.*|no_provider"'),
          "{{reason}}",
        ),
      ],
    }),
  ],
};

const savings: Row = {
  title: "Savings",
  panels: [
    panel("timeseries", "Saved and spent, an hour", {
      about: "Estimated at list prices; calls whose model has no price are left out.",
      unit: "currencyUSD",
      queries: [
        query(`3600 * ${rate("sidestep_saved_usd_total", "decision")}`, "saved: {{decision}}"),
        query(`3600 * ${rate("sidestep_cost_usd_total", "provider")}`, "spent: {{provider}}"),
      ],
    }),
    panel("stacked", "Tokens a second", {
      about: "Forwarded ones were spent, the others were saved.",
      unit: "short",
      queries: [
        query(rate("sidestep_tokens_total", "decision, direction"), "{{decision}} {{direction}}"),
      ],
    }),
    panel("timeseries", "Store", {
      about: "Look-ups in the store by what they found, and calls that it served.",
      unit: "reqps",
      queries: [
        query(rate("sidestep_store_lookups_total", "result"), "look-up: {{result}}"),
        query(rate("sidestep_cache_requests_total", "result"), "served: {{result}}"),
      ],
    }),
    panel("timeseries", "Store's size", {
      about: "Bytes of kept replies.",
      unit: "bytes",
      queries: [query(`sum by (instance) (${of("sidestep_store_bytes")})`, "{{instance}}")],
    }),
    panel("timeseries", "Calls without a price", {
      about: "Forwarded calls whose cost is not known; add their model to the policy's prices.",
      unit: "reqps",
      queries: [query(rate("sidestep_unpriced_total", "provider"), "{{provider}}")],
    }),
    panel("timeseries", "Kept replies", {
      about: "Entries in the store.",
      unit: "short",
      queries: [query(`sum by (instance) (${of("sidestep_store_entries")})`, "{{instance}}")],
    }),
  ],
};

const firstByte = "sidestep_first_byte_seconds";

const latency: Row = {
  title: "Latency against direct",
  panels: [
    panel("timeseries", "First byte, median", {
      about:
        "Until a reply begins, by how it was served; direct is the provider's own share, which a direct call waits, too.",
      unit: "s",
      queries: [
        query(quantile(0.5, firstByte, "decision"), "{{decision}}"),
        query(quantile(0.5, direct), "direct"),
      ],
    }),
    panel("timeseries", "First byte, p95", {
      about: "The same for the slowest twentieth.",
      unit: "s",
      queries: [
        query(quantile(0.95, firstByte, "decision"), "{{decision}}"),
        query(quantile(0.95, direct), "direct"),
      ],
    }),
    panel("timeseries", "Own share", {
      about:
        "What Sidestep itself adds until a reply begins; the marks are calls, with their request id.",
      unit: "s",
      queries: [
        {
          ...query(quantile(0.5, "sidestep_overhead_seconds", "decision"), "{{decision}} p50"),
          exemplars: true,
        },
        query(quantile(0.99, "sidestep_overhead_seconds", "decision"), "{{decision}} p99"),
      ],
    }),
    panel("timeseries", "Whole calls, p95", {
      about: "Until the last byte.",
      unit: "s",
      queries: [query(quantile(0.95, "sidestep_request_seconds", "decision"), "{{decision}}")],
    }),
  ],
};

const comparisons = "sidestep_agreement_comparisons";

const agreement: Row = {
  title: "Agreement",
  panels: [
    panel("timeseries", "Answers that agree", {
      about:
        "Share of checked answers that were right, by route: labels by equality with the cloud's, others by the application's verdict.",
      unit: "percentunit",
      queries: [
        query(
          `sum by (route) (${of(comparisons, 'by="checked",outcome="agree"')})
  / sum by (route) (${of(comparisons, 'by="checked",outcome=~"agree|disagree"')})`,
          "{{route}}",
        ),
      ],
    }),
    panel("timeseries", "Share wrong, with its interval", {
      about:
        "The worst sidecar of each route: its value and both ends of the 95 % interval; above max_wrong a route is suspended.",
      unit: "percentunit",
      queries: [
        query(
          `max by (route, bound) (${of("sidestep_agreement_wrong_ratio")})`,
          "{{route}} {{bound}}",
        ),
      ],
    }),
    panel("stacked", "Comparisons", {
      about: "Since a route last changed, by outcome; estimates decide nothing.",
      unit: "short",
      queries: [query(`sum by (outcome, by) (${of(comparisons)})`, "{{outcome}}, {{by}}")],
    }),
    panel("timeline", "Routes that only observe", {
      about: "Suspended, because too many of their answers were wrong.",
      unit: "bool",
      queries: [
        query(
          `max by (instance, route) (${of("sidestep_route_suspended")})`,
          "{{route}} at {{instance}}",
        ),
      ],
    }),
  ],
};

/** In the order of the page. */
export const trafficRows: readonly Row[] = [overview, traffic, savings, latency, agreement];
