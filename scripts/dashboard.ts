/** The Grafana dashboard as a whole; npm run docs writes it to charts/. */
import { healthRows } from "./dashboard-health.ts";
import { of } from "./dashboard-parts.ts";
import { trafficRows } from "./dashboard-traffic.ts";
import { grafanaJson, type Dashboard } from "./grafana.ts";

/** Where it is kept, so that the chart can ship it. */
export const dashboardFile = "charts/sidestep/dashboards/sidestep.json";

/** The whole dashboard. */
export const dashboard: Dashboard = {
  uid: "sidestep",
  title: "Sidestep",
  about: "What Sidestep answered, what it saved, how long calls took, and whether it is well.",
  choices: [
    { label: "job", metric: "sidestep_build_info" },
    { label: "instance", metric: 'sidestep_build_info{job=~"$job"}' },
  ],
  marks: [
    {
      name: "Policy loaded",
      expr: `changes(${of("sidestep_policy_last_reload_success_timestamp_seconds")}[1m]) > 0`,
    },
  ],
  rows: [...trafficRows, ...healthRows],
};

/** Its JSON, as the file holds it. */
export function dashboardJson(): string {
  return grafanaJson(dashboard);
}
