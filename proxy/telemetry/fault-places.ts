/** The places of contained faults that are there from the start; metrics begins their counters. */

/** Where faults of our own are contained, as far as it is known beforehand. */
export const faultPlaces: readonly string[] = [
  "admin",
  "answer",
  "decide",
  "fitting",
  "forward",
  "hear",
  "observe",
  "otlp_metrics",
  "rescue",
  "server",
  "store",
  "telemetry",
  "tracing",
  "verify",
];
