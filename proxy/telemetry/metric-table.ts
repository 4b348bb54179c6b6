/** The closed table of our own metrics; metrics.ts makes them, docs/metrics.md lists them all. */

/** Name -> kind, labels and the sentence that `/metrics` gives as help. */
export const metricTable = {
  sidestep_build_info: { kind: "gauge", labels: ["version"], help: "1 for the version that runs." },
  sidestep_requests_total: {
    kind: "counter",
    labels: ["decision", "reason", "route", "target", "provider"],
    open: ["route", "target", "provider"],
    help: "Calls that have ended, by how they were served and why.",
  },
  sidestep_caller_requests_total: {
    kind: "counter",
    labels: ["caller", "decision"],
    help: "Calls that have ended, by who called, where the policy names callers; `none` carried no key of theirs.",
  },
  sidestep_caller_tokens_total: {
    kind: "counter",
    labels: ["caller", "direction"],
    help: "Tokens by who called, where the policy names callers, as the provider counted them or as we estimate them.",
  },
  sidestep_caller_cost_usd_total: {
    kind: "counter",
    labels: ["caller"],
    help: "Estimated cost of forwarded calls at list prices, in US dollars, by who called, where the policy names callers.",
  },
  sidestep_would_total: {
    kind: "counter",
    labels: ["decision", "reason", "route"],
    open: ["route"],
    help: "Observed calls, by what would have been done with them.",
  },
  sidestep_endings_total: {
    kind: "counter",
    labels: ["ending", "decision"],
    help: "Calls that have ended: complete, aborted by the caller, or cut by the provider.",
  },
  sidestep_open_calls: { kind: "gauge", labels: [], help: "Calls now, with upgraded connections." },
  sidestep_open_connections: {
    kind: "gauge",
    labels: [],
    help: "Connections of callers that are open now, idle ones included.",
  },
  sidestep_overhead_seconds: {
    kind: "histogram",
    labels: ["decision"],
    buckets: "short",
    help: "Our own share of a call until its reply began, without caller and provider.",
  },
  sidestep_decision_seconds: {
    kind: "histogram",
    labels: [],
    buckets: "short",
    help: "From a readable request to its judgement, waiting for the model included.",
  },
  sidestep_first_byte_seconds: {
    kind: "histogram",
    labels: ["decision"],
    buckets: "long",
    help: "From the request's head to the first byte of the reply.",
  },
  sidestep_request_seconds: {
    kind: "histogram",
    labels: ["decision"],
    buckets: "long",
    help: "From the request's head to the last byte of the reply.",
  },
  sidestep_tokens_total: {
    kind: "counter",
    labels: ["direction", "decision", "source"],
    help: "Tokens, as the provider counted them or as we estimate them.",
  },
  sidestep_cost_usd_total: {
    kind: "counter",
    labels: ["provider"],
    help: "Estimated cost of forwarded calls at list prices, in US dollars.",
  },
  sidestep_saved_usd_total: {
    kind: "counter",
    labels: ["decision"],
    help: "Estimated cost at list prices of calls that never reached a provider, in US dollars.",
  },
  sidestep_unpriced_total: {
    kind: "counter",
    labels: ["provider"],
    help: "Forwarded calls with known usage whose model has no price.",
  },
  sidestep_cache_requests_total: {
    kind: "counter",
    labels: ["result"],
    help: "Calls that the store served: hit, or stale during an outage.",
  },
  sidestep_store_lookups_total: {
    kind: "counter",
    labels: ["result"],
    help: "Look-ups in the store: found (fresh or not), absent, or fault.",
  },
  sidestep_store_writes_total: {
    kind: "counter",
    labels: ["result"],
    help: "Replies given to the store: done or fault.",
  },
  sidestep_store_entries: { kind: "gauge", labels: [], help: "Replies in the store." },
  sidestep_store_bytes: {
    kind: "gauge",
    labels: [],
    help: "Bytes in the store, keys, headers and bookkeeping included.",
  },
  sidestep_upstream_calls_total: {
    kind: "counter",
    labels: ["upstream", "result"],
    help: "Calls to a provider or target: ok, client_error, rate_limited, server_error, unreachable, timeout, reset, invalid, held_back by a breaker or rate limit, or caller_gone.",
  },
  sidestep_upstream_first_byte_seconds: {
    kind: "histogram",
    labels: ["upstream"],
    buckets: "long",
    help: "From sending a call to the head of the provider's reply or its failure: what a direct call would wait, too.",
  },
  sidestep_upstream_in_flight: {
    kind: "gauge",
    labels: ["upstream"],
    help: "Calls and tunnels that a provider or target is busy with now, until their last byte.",
  },
  sidestep_upstream_available: {
    kind: "gauge",
    labels: ["upstream"],
    help: "1 for each provider and target of the policy whose breaker lets calls through, else 0.",
  },
  sidestep_breaker_changes_total: {
    kind: "counter",
    labels: ["upstream", "to"],
    help: "Changes of a breaker's state, by the state that it came to.",
  },
  sidestep_store_evictions_total: {
    kind: "counter",
    labels: [],
    help: "Replies that left the full store to make room for others.",
  },
  sidestep_breaker_state: {
    kind: "gauge",
    labels: ["upstream", "state"],
    help: "1 for the state a breaker is in (closed, open, half_open), 0 for the others.",
  },
  sidestep_agreement_comparisons: {
    kind: "gauge",
    labels: ["route", "outcome", "by"],
    help: "Answers held against the cloud's or an application's verdict since the route last changed: agree, disagree or unclear, checked or by estimate.",
  },
  sidestep_agreement_wrong_ratio: {
    kind: "gauge",
    labels: ["route", "bound"],
    help: "Share of a route's checked answers that were wrong: value, and the low and high end of its 95 % interval.",
  },
  sidestep_route_suspended: {
    kind: "gauge",
    labels: ["route"],
    help: "1 while a route only observes because too many of its answers were wrong, else 0.",
  },
  sidestep_policy_reloads_total: {
    kind: "counter",
    labels: ["result"],
    help: "Attempts to load the policy: good, or bad, which keeps the last good one.",
  },
  sidestep_policy_last_reload_successful: {
    kind: "gauge",
    labels: [],
    help: "1 when the last attempt to load the policy succeeded, else 0.",
  },
  sidestep_policy_last_reload_success_timestamp_seconds: {
    kind: "gauge",
    labels: [],
    help: "Unix time of the last successful load of the policy.",
  },
  sidestep_policy_info: {
    kind: "gauge",
    labels: ["revision", "mode"],
    help: "1 for the policy that is in force.",
  },
  sidestep_stopped: { kind: "gauge", labels: [], help: "1 while answering is stopped, else 0." },
  sidestep_classifier_seconds: {
    kind: "histogram",
    labels: ["result"],
    buckets: "short",
    help: "One classification, waiting included: ok, model_unavailable, decision_timeout or queue_full.",
  },
  sidestep_classifier_waiting: {
    kind: "gauge",
    labels: [],
    help: "Calls that wait for the local model now, the running one included.",
  },
  sidestep_classifier_queue_limit: {
    kind: "gauge",
    labels: [],
    help: "Most calls that may wait for the local model; further ones are forwarded at once.",
  },
  sidestep_classifier_state: {
    kind: "gauge",
    labels: ["state"],
    help: "1 for the state the local model is in (ready, loading, failed, closed, absent), 0 for the others.",
  },
  sidestep_model_info: {
    kind: "gauge",
    labels: ["model"],
    help: "1 for the artefact, version and variant that decides now; none while no model is loaded.",
  },
  sidestep_fitted_sentences_total: {
    kind: "counter",
    labels: ["source"],
    help: "Sentences of policies that were made ready: computed by the model, or kept from before.",
  },
  sidestep_fits_total: {
    kind: "counter",
    labels: ["source"],
    help: "Fits of a policy's intents: computed, or kept from before.",
  },
  sidestep_connections: { kind: "gauge", labels: [], help: "Connections of callers now." },
  sidestep_connections_refused_total: {
    kind: "counter",
    labels: [],
    help: "Connections, and streams of HTTP/2, that were refused because limits.connections was reached.",
  },
  sidestep_faults_total: {
    kind: "counter",
    labels: ["where"],
    help: "Faults of our own that were contained; the call went on.",
  },
  sidestep_memory_limit_bytes: {
    kind: "gauge",
    labels: [],
    help: "Memory that the process may use: its control group's limit, else the machine's memory.",
  },
  sidestep_memory_low: { kind: "gauge", labels: [], help: "1 while memory is low, else 0." },
  sidestep_log_lines_dropped_total: {
    kind: "counter",
    labels: [],
    help: "Log lines that were dropped because standard error did not keep up.",
  },
  sidestep_audit_failing: {
    kind: "gauge",
    labels: [],
    help: "1 while the audit log cannot be written, as on a full disk, else 0; absent while there is none.",
  },
  sidestep_audit_records: {
    kind: "gauge",
    labels: ["result"],
    help: "Records since the audit log was opened: written, or dropped because they found no room in the queue.",
  },
} as const;

/** Name of one of our own metrics. */
export type MetricName = keyof typeof metricTable;
