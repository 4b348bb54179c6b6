/** The closed table of the injector's metrics; instruments.ts makes them, docs/injection.md lists them. */

/** Each with its name, labels and the sentence that `/metrics` gives as help. */
export const metrics = {
  admissions: {
    name: "sidestep_injector_admissions_total",
    labelNames: ["result", "reason"],
    help: "Pods that the injector decided on, by result and, where skipped, reason.",
  },
  seconds: {
    name: "sidestep_injector_admission_seconds",
    labelNames: [],
    help: "From a readable review of a pod to its answer.",
  },
  reviews: {
    name: "sidestep_injector_policy_reviews_total",
    labelNames: ["result"],
    help: "Policies that were to be written, by whether they were allowed or refused.",
  },
  faults: {
    name: "sidestep_injector_faults_total",
    labelNames: ["place"],
    help: "Faults of the injector, by place; at an admission, the object was admitted unchanged.",
  },
  leader: {
    name: "sidestep_injector_leader",
    labelNames: [],
    help: "1 on the replica that leads, else 0.",
  },
  ends: {
    name: "sidestep_injector_certificate_end_seconds",
    labelNames: [],
    help: "When the certificate that is served ends, in seconds since 1970.",
  },
  missing: {
    name: "sidestep_injector_missing_pods",
    labelNames: ["namespace"],
    help: "Pods that should have a sidecar and do not; told by the leader.",
  },
} as const;
