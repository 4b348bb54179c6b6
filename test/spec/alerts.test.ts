/** Each alert that is shipped is made to fire, at a real Prometheus that scrapes the real program, by a real fault. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startFleet, type Fleet, type FleetName } from "../support/faulty-fleet.ts";
import { canLimitMemory } from "../support/memory-limit.ts";
import {
  hasPrometheus,
  promtool,
  startPrometheus,
  type Prometheus,
} from "../support/prometheus.ts";
import { eventually } from "../support/sidecar.ts";
import { ruleFiles, rulesIn, shippedRules, shortened } from "../support/rules.ts";

type Case = readonly [alert: string, sidecar: FleetName, because: string];

const cases: readonly Case[] = [
  ["SidestepDown", "dead", "its process was killed"],
  ["SidestepRestarting", "dying", "its process is killed and started again and again"],
  ["SidestepCallsUnserved", "cloud", "nobody listens where a provider should"],
  ["SidestepRepliesCut", "cloud", "a provider resets its connections within replies"],
  ["SidestepBreakerOpen", "cloud", "a provider answers 500 to everything"],
  ["SidestepUpstreamErrors", "cloud", "a provider answers 500 to everything"],
  ["SidestepRateLimited", "cloud", "a provider answers 429 to everything"],
  ["SidestepUnpriced", "cloud", "calls ask for a model that has no price"],
  ["SidestepRouteSuspended", "judged", "its application says that its answers are wrong"],
  ["SidestepAuditFailing", "judged", "the disk of its audit log is full"],
  ["SidestepModelUnavailable", "poor", "the policy names a model that is nowhere"],
  ["SidestepFaultContained", "poor", "figures go to a collector that does not listen"],
  ["SidestepMemoryNearLimit", "poor", "its control group allows half of what it has"],
  ["SidestepMemoryLow", "poor", "its control group allows half of what it has"],
  ["SidestepClassifierOverloaded", "busy", "sixty callers at once ask what needs the model"],
  ["SidestepOverheadHigh", "busy", "sixty callers at once ask what needs the model"],
  ["SidestepPolicyRefused", "operated", "its policy's file was broken"],
  ["SidestepStopped", "operated", "an operator pressed stop"],
  ["SidestepLogLinesDropped", "operated", "nobody reads its standard error"],
  [
    "SidestepAuditRecordsLost",
    "judged",
    "its full disk lasts until its memory for records is full",
  ],
  ["SidestepEventLoopBlocked", "starved", "its process is halted for most of the time"],
];

/** A machine where nobody may limit memory cannot show these. */
const shown = cases.filter(([alert]) => canLimitMemory || !alert.startsWith("SidestepMemory"));

let fleet: Fleet;
let prometheus: Prometheus;

describe.skipIf(!hasPrometheus)("an alert", () => {
  beforeAll(async () => {
    fleet = await startFleet();
    const jobs = Object.entries(fleet.admins).map(([name, url]) => [`sidestep-${name}`, url]);
    const rules = shippedRules.map(shortened);
    prometheus = await startPrometheus({ jobs: Object.fromEntries(jobs), rules, intervalMs: 500 });
    await fleet.beginFaults();
  }, 180_000);

  afterAll(async () => {
    await fleet?.stop();
    await prometheus?.stop();
  }, 120_000);

  it.each(shown)(
    "%s fires for the sidecar %s: %s",
    async (alert, sidecar) => {
      const about = `alertname="${alert}",job="sidestep-${sidecar}",alertstate="firing"`;
      await eventually(async () => {
        const firing = await prometheus.query(`ALERTS{${about}}`);
        return firing.length > 0 ? true : null;
      });
    },
    60_000,
  );

  it("keeps silent for a sidecar that is well, whatever happens to the others", async () => {
    const served = await prometheus.query('sum(sidestep_requests_total{job="sidestep-well"})');
    expect(served[0]?.value).toBeGreaterThan(10);
    const ever = await prometheus.query(
      'sum by (alertname) (count_over_time(ALERTS{job="sidestep-well",alertstate="firing"}[10m]))',
    );
    const told = ever.map(({ labels }) => labels["alertname"]);
    // What a machine that is busy with all these processes may cause is no false alarm.
    const machines = ["SidestepDown", "SidestepEventLoopBlocked", "SidestepOverheadHigh"];
    expect(told.filter((alert) => !machines.includes(alert ?? ""))).toEqual([]);
  });
});

describe("the rule files", () => {
  it("hold no alert that nothing makes fire", () => {
    const alerts = rulesIn(shippedRules).flatMap(({ alert }) => alert ?? []);
    expect(cases.map(([alert]) => alert).toSorted()).toEqual(alerts.toSorted());
  });

  it.skipIf(!hasPrometheus)("pass promtool, and so do their unit tests", () => {
    const checked = promtool(["check", "rules", ...ruleFiles]);
    expect([checked.code, checked.told.match(/SUCCESS/g)?.length]).toEqual([0, ruleFiles.length]);
    const tested = promtool(["test", "rules", "test/spec/alert-rules.yaml"]);
    expect([tested.code, tested.told.match(/SUCCESS|FAILED/g)]).toEqual([0, ["SUCCESS"]]);
  });

  it("are shortened for these tests in their windows alone", () => {
    const long = shippedRules.join("\n");
    const short = shippedRules.map(shortened).join("\n");
    const windows = /\[[\d.]+[smh]\]|\bfor: [\d.]+[smh]/g;
    expect(short.replaceAll(windows, "#")).toBe(long.replaceAll(windows, "#"));
    expect(new Set(short.match(windows))).toEqual(
      new Set(["[5s]", "[10s]", "[15s]", "for: 2s", "for: 5s", "for: 10s", "for: 15s"]),
    );
  });
});
