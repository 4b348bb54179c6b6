/** The report: traffic and savings by time and by name, in memory that does not grow. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LogHistogram } from "../../../proxy/telemetry/log-histogram.ts";
import { isReportSpan, Report } from "../../../proxy/telemetry/report.ts";
import { TimeSeries } from "../../../proxy/telemetry/time-series.ts";
import { forwardedVerdict, recordOf, verdictOf } from "./records.ts";

const start = Date.UTC(2026, 10, 26, 12, 0, 0);

describe("a time series", () => {
  it("adds up what falls into one bucket and keeps apart what does not", () => {
    const series = new TimeSeries(10_000, 360);
    series.add(recordOf(), start);
    series.add(recordOf({ verdict: forwardedVerdict() }), start + 9_999);
    series.add(recordOf({ status: 503, verdict: forwardedVerdict() }), start + 10_000);
    expect(series.buckets(start + 10_000)).toMatchObject([
      { atMs: start, local: 1, forwarded: 1, failed: 0, savedUsd: 0.0005, costUsd: 0.002 },
      { atMs: start + 10_000, local: 0, forwarded: 1, failed: 1, inputTokens: 12, outputTokens: 8 },
    ]);
  });

  it("counts a provider that broke off as failed, and an observed answer as one that would have been", () => {
    const series = new TimeSeries(10_000, 360);
    const would = { decision: "local", reason: "answered_faq", route: "faq" } as const;
    series.add(recordOf({ ending: "cut", verdict: forwardedVerdict({ would }) }), start);
    const forwarded = { decision: "forwarded", reason: "no_route_matched", route: null } as const;
    series.add(recordOf({ verdict: forwardedVerdict({ would: forwarded }) }), start);
    expect(series.buckets(start)).toMatchObject([{ forwarded: 2, failed: 1, would: 1 }]);
  });

  it("forgets what is older than its length, whenever calls come", () => {
    const step = fc.integer({ min: 0, max: 500 });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const series = new TimeSeries(10, 20);
        let now = start;
        const times: number[] = [];
        for (const wait of steps) {
          now += wait;
          times.push(now);
          series.add(recordOf(), now);
        }
        const buckets = series.buckets(now);
        const oldest = Math.floor(now / 10) * 10 - 190;
        const wanted = times.filter((time) => time >= oldest).length;
        expect(buckets.reduce((sum, bucket) => sum + bucket.local, 0)).toBe(wanted);
        expect(buckets.length).toBeLessThanOrEqual(20);
        expect(buckets.map(({ atMs }) => atMs)).toEqual(
          buckets.map(({ atMs }) => atMs).toSorted((one, other) => one - other),
        );
      }),
    );
  });
});

describe("a histogram of durations", () => {
  it("gives quantiles that are never below the true one, and at most one bucket above", () => {
    const durations = fc.array(fc.double({ min: 0.01, max: 90_000, noNaN: true }), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(durations, fc.constantFrom(0.5, 0.95, 0.99), (values, share) => {
        const histogram = new LogHistogram();
        for (const value of values) histogram.add(value);
        const sorted = values.toSorted((one, other) => one - other);
        const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? 0;
        const told = histogram.quantile(share) ?? 0;
        expect(told).toBeGreaterThanOrEqual(exact * 0.999_999);
        expect(told).toBeLessThanOrEqual(exact * 10 ** 0.1 * 1.000_001);
      }),
    );
  });

  it("has none while nothing was added, and takes what lies beyond its ends", () => {
    const histogram = new LogHistogram();
    expect(histogram.quantile(0.5)).toBeNull();
    for (const value of [0, -1, 1e12]) histogram.add(value);
    expect(histogram.quantile(0.5)).toBe(0.01);
    expect(histogram.quantile(0.99)).toBe(1e5);
  });
});

describe("the report", () => {
  it("tells totals, what the cache saved of them, and what had no price", () => {
    const report = new Report(() => start);
    report.record(recordOf());
    report.record(recordOf({ verdict: verdictOf({ decision: "cache", reason: "cache_hit" }) }));
    report.record(recordOf({ verdict: verdictOf({ savedUsd: null }) }));
    report.record(recordOf({ verdict: forwardedVerdict({ costUsd: null }) }));
    report.record(recordOf({ usage: null, verdict: forwardedVerdict({ costUsd: null }) }));
    const { totals } = report.page("1h");
    expect(totals).toMatchObject({ requests: 5, local: 2, cache: 1, forwarded: 2, unpriced: 2 });
    expect(totals.savedUsd).toBeCloseTo(0.001);
    expect(totals.savedByCacheUsd).toBeCloseTo(0.0005);
    expect(totals.overheadMs.p50).toBeGreaterThanOrEqual(2.5);
  });

  it("tells routes, reasons and upstreams; an observed call counts for the route that would have had it", () => {
    const report = new Report(() => start);
    const would = { decision: "local", reason: "answered_faq", route: "faq" } as const;
    report.record(recordOf());
    report.record(recordOf({ verdict: forwardedVerdict({ would, reason: "observe_mode" }) }));
    report.record(recordOf({ status: 502, verdict: forwardedVerdict({ target: "strong" }) }));
    const page = report.page("24h");
    expect(page.routes).toMatchObject([
      { route: "greeting", local: 1 },
      { route: "faq", forwarded: 1, would: 1 },
      { route: "none", forwarded: 1 },
    ]);
    expect(page.reasons).toEqual({ answered_template: 1, observe_mode: 1, no_route_matched: 1 });
    expect(page.upstreams).toMatchObject([
      { name: "openai", requests: 1, failed: 0 },
      { name: "strong", requests: 1, failed: 1 },
    ]);
    expect(page.buckets).toHaveLength(1);
  });

  it("does not grow with the names that policies give", () => {
    const report = new Report(() => start);
    for (let number = 0; number < 1_000; number += 1) {
      const names = { route: `route-${number}`, target: `target-${number}` };
      report.record(recordOf({ verdict: forwardedVerdict(names) }));
    }
    const { routes, upstreams } = report.page("14d");
    expect(routes).toHaveLength(101);
    expect(upstreams).toHaveLength(101);
    expect(routes.at(-1)).toMatchObject({ route: "other", forwarded: 900 });
  });

  it("knows its spans and no others", () => {
    expect(["1h", "24h", "14d", "", "2h", "toString"].map(isReportSpan)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
