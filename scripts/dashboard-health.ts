/** Rows of the dashboard about what calls depend on: providers, model, policy and process. */
import { direct, of, panel, quantile, query, rate, rateOfEach } from "./dashboard-parts.ts";
import type { Row } from "./grafana.ts";

const upstreams: Row = {
  title: "Breakers and targets",
  panels: [
    panel("timeline", "Breakers that are not closed", {
      about: "Open or half open, by provider or target.",
      unit: "bool",
      queries: [
        query(
          `max by (instance, upstream) (${of("sidestep_breaker_state", 'state=~"open|half_open"')})`,
          "{{upstream}} at {{instance}}",
        ),
      ],
    }),
    panel("timeseries", "Sidecars that can use it", {
      about: "Share of sidecars whose breaker for a provider or target lets calls through.",
      unit: "percentunit",
      queries: [query(`avg by (upstream) (${of("sidestep_upstream_available")})`, "{{upstream}}")],
    }),
    panel("timeseries", "Calls by how they began", {
      about: "Replies of providers and targets, and why there was none.",
      unit: "reqps",
      queries: [
        query(rate("sidestep_upstream_calls_total", "upstream, result"), "{{upstream}} {{result}}"),
      ],
    }),
    panel("timeseries", "Busy with", {
      about: "Calls and tunnels under way.",
      unit: "short",
      queries: [query(`sum by (upstream) (${of("sidestep_upstream_in_flight")})`, "{{upstream}}")],
    }),
    panel("timeseries", "First byte by target, p95", {
      about: "How long a provider or target takes to begin.",
      unit: "s",
      queries: [query(quantile(0.95, direct, "upstream"), "{{upstream}}")],
    }),
    panel("timeseries", "Breakers change", {
      about: "Changes an hour, by the state that they come to.",
      unit: "short",
      queries: [
        query(
          `3600 * ${rate("sidestep_breaker_changes_total", "upstream, to")}`,
          "{{upstream}} {{to}}",
        ),
      ],
    }),
  ],
};

const model: Row = {
  title: "Model health",
  panels: [
    panel("timeline", "Model not ready", {
      about: "The policy wants a model, and it is loading, failed or closed.",
      unit: "bool",
      queries: [
        query(
          `max by (instance) (${of("sidestep_classifier_state", 'state=~"loading|failed|closed"')})`,
          "{{instance}}",
        ),
      ],
    }),
    panel("table", "Models that decide", {
      about: "Artefact, version and variant, and how many sidecars have it.",
      unit: "short",
      queries: [query(`count by (model) (${of("sidestep_model_info")})`)],
    }),
    panel("stacked", "Classifications", {
      about:
        "By how they ended; those that missed the deadline or found the queue full were forwarded.",
      unit: "reqps",
      queries: [query(rate("sidestep_classifier_seconds_count", "result"), "{{result}}")],
    }),
    panel("timeseries", "Classification takes", {
      about: "Waiting included.",
      unit: "s",
      queries: [
        query(quantile(0.5, "sidestep_classifier_seconds"), "p50"),
        query(quantile(0.99, "sidestep_classifier_seconds"), "p99"),
      ],
    }),
    panel("timeseries", "Queue", {
      about: "Calls that wait for the model, as a share of those that may.",
      unit: "percentunit",
      queries: [
        query(
          `max by (instance) (${of("sidestep_classifier_waiting")} / ${of("sidestep_classifier_queue_limit")})`,
          "{{instance}}",
        ),
      ],
    }),
    panel("timeseries", "Deciding takes", {
      about: "From a readable request to its judgement.",
      unit: "s",
      queries: [
        query(quantile(0.5, "sidestep_decision_seconds"), "p50"),
        query(quantile(0.99, "sidestep_decision_seconds"), "p99"),
      ],
    }),
  ],
};

const policy: Row = {
  title: "Policy",
  panels: [
    panel("table", "Policies in force", {
      about: "Revision and mode, and how many sidecars have it.",
      unit: "short",
      queries: [query(`count by (revision, mode) (${of("sidestep_policy_info")})`)],
    }),
    panel("timeseries", "Loads", {
      about: "Policies that were taken up (good) or refused (bad), in the last five minutes.",
      unit: "short",
      queries: [
        query(
          `sum by (result) (increase(${of("sidestep_policy_reloads_total")}[5m]))`,
          "{{result}}",
        ),
      ],
    }),
    panel("timeline", "Files refused", {
      about: "What the files say is not in force; the last good policy is.",
      unit: "bool",
      queries: [query(`1 - ${of("sidestep_policy_last_reload_successful")}`, "{{instance}}")],
    }),
    panel("timeseries", "Since the last load", {
      about: "Seconds since a policy was last taken up.",
      unit: "s",
      queries: [
        query(
          `time() - ${of("sidestep_policy_last_reload_success_timestamp_seconds")}`,
          "{{instance}}",
        ),
      ],
    }),
  ],
};

const processes: Row = {
  title: "Processes",
  panels: [
    panel("timeseries", "Event loop, p99", {
      about: "How late a process comes to its work.",
      unit: "s",
      queries: [
        query(
          `${of("nodejs_eventloop_lag_p99_seconds")} and on (job, instance) ${of("sidestep_build_info")}`,
          "{{instance}}",
        ),
      ],
    }),
    panel("timeseries", "Memory", {
      about: "As a share of what the process may use.",
      unit: "percentunit",
      queries: [
        query(
          `${of("process_resident_memory_bytes")} / ${of("sidestep_memory_limit_bytes")}`,
          "{{instance}}",
        ),
      ],
    }),
    panel("timeseries", "Processor", {
      about: "Cores in use.",
      unit: "short",
      queries: [
        query(
          `${rateOfEach("process_cpu_seconds_total")} and on (job, instance) ${of("sidestep_build_info")}`,
          "{{instance}}",
        ),
      ],
    }),
    panel("timeseries", "Faults that were contained", {
      about: "Of our own, by where, in the last five minutes; the calls went on.",
      unit: "short",
      queries: [
        query(`sum by (where) (increase(${of("sidestep_faults_total")}[5m]))`, "{{where}}"),
      ],
    }),
    panel("timeseries", "Log lines dropped", {
      about: "Lines a second that standard error did not take.",
      unit: "short",
      queries: [query(rate("sidestep_log_lines_dropped_total", "instance"), "{{instance}}")],
    }),
    panel("timeline", "Audit log not written", {
      about: "Records wait in memory, and are lost when that is full.",
      unit: "bool",
      queries: [query(of("sidestep_audit_failing"), "{{instance}}")],
    }),
    panel("table", "Versions", {
      about: "How many sidecars run which version.",
      unit: "short",
      queries: [query(`count by (version) (${of("sidestep_build_info")})`)],
    }),
  ],
};

/** In the order of the page. */
export const healthRows: readonly Row[] = [upstreams, model, policy, processes];
