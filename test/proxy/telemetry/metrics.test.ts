/** What `/metrics` says after calls, faults, reloads and scrapes. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import type {
  BreakerState,
  Classifier,
  ClassifierFault,
  StoreEntry,
} from "../../../proxy/core/ports.ts";
import type { Classification } from "../../../proxy/core/signals.ts";
import { LabelCap } from "../../../proxy/telemetry/label-cap.ts";
import { measuredClassifier, measuredStore, timed } from "../../../proxy/telemetry/measured.ts";
import { faultPlaces } from "../../../proxy/telemetry/fault-places.ts";
import { metricTable } from "../../../proxy/telemetry/metric-table.ts";
import { Metrics } from "../../../proxy/telemetry/metrics.ts";
import { createMemoryStore } from "../../../proxy/store/memory.ts";
import { forwardedVerdict, recordOf, verdictOf } from "./records.ts";

let metrics: Metrics;

beforeEach(() => {
  metrics = new Metrics();
});

/** Lines of one metric, without comments. */
async function linesOf(name: string): Promise<string[]> {
  const lines = (await metrics.text()).split("\n");
  return lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

/** The value of a metric with exactly these labels, as `/metrics` writes them. */
async function valueOf(name: string, labels = ""): Promise<number | null> {
  const start = labels === "" ? `${name} ` : `${name}{${labels}} `;
  const line = (await linesOf(name)).find((text) => text.startsWith(start));
  return line === undefined ? null : Number(line.slice(start.length));
}

/** The labels of a histogram's bucket of local calls. */
function upTo(seconds: string): string {
  return `le="${seconds}",decision="local"`;
}

describe("metrics of calls", () => {
  it("count each call once by decision, reason, route, target and provider", async () => {
    metrics.record(recordOf());
    metrics.record(recordOf());
    metrics.record(recordOf({ verdict: forwardedVerdict({ target: "haiku" }) }));
    expect(await linesOf("sidestep_requests_total")).toEqual([
      'sidestep_requests_total{decision="local",reason="answered_template",route="greeting",target="none",provider="none"} 2',
      'sidestep_requests_total{decision="forwarded",reason="no_route_matched",route="none",target="haiku",provider="openai"} 1',
    ]);
  });

  it("tell how calls ended and what observed calls would have become", async () => {
    const would = { decision: "local", reason: "answered_faq", route: "faq" } as const;
    metrics.record(recordOf({ ending: "cut", verdict: forwardedVerdict({ would }) }));
    expect(await valueOf("sidestep_endings_total", 'ending="cut",decision="forwarded"')).toBe(1);
    const labels = 'decision="local",reason="answered_faq",route="faq"';
    expect(await valueOf("sidestep_would_total", labels)).toBe(1);
  });

  it("sort durations, given in milliseconds, into buckets of seconds", async () => {
    metrics.record(recordOf({ overheadMs: 2, firstByteMs: 30, totalMs: 3000 }));
    const counts = [
      await valueOf("sidestep_overhead_seconds_bucket", upTo("0.001")),
      await valueOf("sidestep_overhead_seconds_bucket", upTo("0.0025")),
      await valueOf("sidestep_first_byte_seconds_bucket", upTo("0.02")),
      await valueOf("sidestep_first_byte_seconds_bucket", upTo("0.04")),
      await valueOf("sidestep_request_seconds_bucket", upTo("2.56")),
      await valueOf("sidestep_request_seconds_bucket", upTo("5.12")),
    ];
    expect(counts).toEqual([0, 1, 0, 1, 0, 1]);
    metrics.decided(0.004);
    expect(await valueOf("sidestep_decision_seconds_count")).toBe(1);
    expect(await valueOf("sidestep_decision_seconds_sum")).toBe(0.004);
  });

  it("add up tokens and money, estimates apart from what providers counted", async () => {
    const counted = { inputTokens: 100, outputTokens: 20, isEstimate: false };
    metrics.record(recordOf());
    metrics.record(recordOf({ verdict: forwardedVerdict(), usage: counted }));
    metrics.record(recordOf({ verdict: forwardedVerdict(), usage: counted }));
    const tokens = (rest: string): Promise<number | null> => valueOf("sidestep_tokens_total", rest);
    expect(await tokens('decision="forwarded",source="provider",direction="input"')).toBe(200);
    expect(await tokens('decision="forwarded",source="provider",direction="output"')).toBe(40);
    expect(await tokens('decision="local",source="estimate",direction="output"')).toBe(8);
    expect(await valueOf("sidestep_cost_usd_total", 'provider="openai"')).toBe(0.004);
    expect(await valueOf("sidestep_saved_usd_total", 'decision="local"')).toBe(0.0005);
  });

  it("count a forwarded call whose model has no price, and no other", async () => {
    metrics.record(recordOf({ verdict: forwardedVerdict({ costUsd: null }) }));
    metrics.record(recordOf({ verdict: forwardedVerdict({ costUsd: null }), usage: null }));
    metrics.record(recordOf({ verdict: forwardedVerdict() }));
    expect(await valueOf("sidestep_unpriced_total", 'provider="openai"')).toBe(1);
  });

  it("tell fresh hits from stale answers", async () => {
    metrics.record(recordOf({ verdict: verdictOf({ decision: "cache", reason: "cache_hit" }) }));
    metrics.record(recordOf({ verdict: verdictOf({ decision: "stale", reason: "stale_answer" }) }));
    metrics.record(recordOf({ verdict: verdictOf({ decision: "stale", reason: "stale_answer" }) }));
    expect(await linesOf("sidestep_cache_requests_total")).toEqual([
      'sidestep_cache_requests_total{result="hit"} 1',
      'sidestep_cache_requests_total{result="stale"} 2',
    ]);
  });

  it("survive numbers that are none", async () => {
    const usage = { inputTokens: Number.NaN, outputTokens: -5, isEstimate: false };
    const verdict = forwardedVerdict({ costUsd: Number.POSITIVE_INFINITY, savedUsd: -1 });
    metrics.record(recordOf({ verdict, usage, overheadMs: Number.NaN, totalMs: -1 }));
    expect(await linesOf("sidestep_tokens_total")).toEqual([]);
    expect(await linesOf("sidestep_cost_usd_total")).toEqual([]);
    expect(await linesOf("sidestep_overhead_seconds_count")).toEqual([]);
    expect(await linesOf("sidestep_requests_total")).toHaveLength(1);
  });
});

describe("label values", () => {
  it("are bounded: what comes after the first hundred routes is called other", async () => {
    for (let at = 0; at < 500; at += 1) {
      metrics.record(recordOf({ verdict: verdictOf({ route: `route-${at}` }) }));
      metrics.fault(`place-${at}`);
    }
    const lines = await linesOf("sidestep_requests_total");
    expect(lines).toHaveLength(101);
    expect(lines.at(-1)).toMatch(/route="other".* 400$/);
    expect(await linesOf("sidestep_faults_total")).toHaveLength(101);
  });

  it("do not multiply: of routes times targets a thousand series are told apart", async () => {
    for (let at = 0; at < 5000; at += 1) {
      const verdict = verdictOf({ route: `route-${at % 90}`, target: `target-${at % 83}` });
      metrics.record(recordOf({ verdict }));
    }
    const lines = await linesOf("sidestep_requests_total");
    expect(lines).toHaveLength(1001);
    const rest = 'route="other",target="other",provider="other"} ';
    expect(lines.at(-1)).toContain(rest);
    const counts = lines.map((line) => Number(line.split(" ").at(-1)));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(5000);
  });

  it("of faults are known beforehand, so that the first fault is seen as a rise from 0", () => {
    const folder = join(import.meta.dirname, "../../../proxy");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    const texts = files
      .filter((file) => file.endsWith(".ts"))
      .map((file) => readFileSync(join(folder, file), "utf8"));
    const places = texts.flatMap((text) =>
      [...text.matchAll(/(?:faults|recorder|Recorder)\.fault\("(\w+)"/g)].map((found) => found[1]),
    );
    expect(places.length).toBeGreaterThan(10);
    expect(places.filter((place) => !faultPlaces.includes(place ?? ""))).toEqual([]);
  });

  it("stay what they were once they are known", () => {
    const cap = new LabelCap(1);
    const labels = ["a", "b", "a", null].map((value) => cap.label(value));
    expect(labels).toEqual(["a", "other", "a", "none"]);
  });

  it("cannot break out of the text format", async () => {
    metrics.record(recordOf({ verdict: verdictOf({ route: 'a"b\n}' }) }));
    const lines = await linesOf("sidestep_requests_total");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(String.raw`route="a\"b\n}"`);
  });
});

describe("metrics of the process", () => {
  it("hold event-loop lag, memory and processor time", async () => {
    const text = await metrics.text();
    const { contentType } = await metrics.page("");
    expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    for (const name of [
      "nodejs_eventloop_lag_p99_seconds",
      "process_resident_memory_bytes",
      "process_cpu_seconds_total",
      "process_start_time_seconds",
    ]) {
      expect(text).toMatch(new RegExp(`^${name} [\\d.e+-]+$`, "m"));
    }
  });

  it("are apart for each instance, so that two can live in one process", async () => {
    const second = new Metrics();
    second.fault("x");
    expect(await linesOf("sidestep_faults_total")).toEqual([]);
  });

  it("show the policy in force and when it was loaded, and keep it when a bad one comes", async () => {
    metrics.policyLoaded({ revision: "aaa", mode: "observe" }, 1_700_000_000_500);
    metrics.policyLoaded({ revision: "bbb", mode: "enforce" }, 1_700_000_001_500);
    metrics.policyRefused();
    expect(await linesOf("sidestep_policy_info")).toEqual([
      'sidestep_policy_info{revision="bbb",mode="enforce"} 1',
    ]);
    expect(await valueOf("sidestep_policy_last_reload_successful")).toBe(0);
    const when = "sidestep_policy_last_reload_success_timestamp_seconds";
    expect(await valueOf(when)).toBe(1_700_000_001.5);
    expect(await valueOf("sidestep_policy_reloads_total", 'result="good"')).toBe(2);
    expect(await valueOf("sidestep_policy_reloads_total", 'result="bad"')).toBe(1);
    metrics.policyLoaded({ revision: "ccc", mode: "enforce" }, 1);
    expect(await valueOf("sidestep_policy_last_reload_successful")).toBe(1);
  });

  it("show the emergency stop", async () => {
    expect(await valueOf("sidestep_stopped")).toBe(0);
    metrics.stopped(true);
    expect(await valueOf("sidestep_stopped")).toBe(1);
    metrics.stopped(false);
    expect(await valueOf("sidestep_stopped")).toBe(0);
  });
});

describe("what is read at each scrape", () => {
  it("is each breaker's state, and breakers that are gone leave", async () => {
    const breaker = { failures: 0, requests: 0 };
    const openai: BreakerState = { ...breaker, name: "openai", state: "open" };
    const haiku: BreakerState = { ...breaker, name: "haiku", state: "half_open" };
    let breakers = [openai, haiku];
    metrics.watch({ breakers: () => breakers });
    const lines = await linesOf("sidestep_breaker_state");
    expect(lines).toHaveLength(6);
    expect(lines.filter((line) => line.endsWith(" 1"))).toEqual([
      'sidestep_breaker_state{upstream="openai",state="open"} 1',
      'sidestep_breaker_state{upstream="haiku",state="half_open"} 1',
    ]);
    breakers = [openai];
    expect(await linesOf("sidestep_breaker_state")).toHaveLength(3);
  });

  it("is the store, the classifier, what is going on, and the log", async () => {
    let dropped = 3;
    metrics.watch({ activity: () => ({ connections: 5, calls: 2, tunnels: 1 }) });
    metrics.watch({ store: () => ({ entries: 4, bytes: 500 }) });
    metrics.watch({ classifier: () => "failed", droppedLines: () => dropped });
    metrics.watch({ isMemoryLow: () => true });
    await metrics.text();
    dropped = 5;
    expect(await valueOf("sidestep_store_entries")).toBe(4);
    expect(await valueOf("sidestep_store_bytes")).toBe(500);
    expect(await valueOf("sidestep_memory_low")).toBe(1);
    expect(await valueOf("sidestep_open_calls")).toBe(3);
    expect(await valueOf("sidestep_open_connections")).toBe(5);
    expect(await valueOf("sidestep_classifier_state", 'state="failed"')).toBe(1);
    expect(await valueOf("sidestep_classifier_state", 'state="ready"')).toBe(0);
    expect(await valueOf("sidestep_log_lines_dropped_total")).toBe(5);
  });

  it("is nothing that nobody named", async () => {
    expect(await linesOf("sidestep_breaker_state")).toEqual([]);
    expect(await linesOf("sidestep_classifier_state")).toEqual([]);
  });
});

const classification: Classification = {
  embedding: new Float32Array(1),
  heads: new Map(),
  flags: new Map(),
  tokens: 1,
  unknownShare: 0,
  model: "m",
};

const entry: StoreEntry = {
  status: 200,
  headers: [],
  body: Buffer.from("x"),
  storedAtMs: 0,
  ttlMs: 1,
  isStream: false,
  includesUsage: false,
  costUsd: null,
  usage: null,
  model: "m",
};

async function gone(): Promise<never> {
  throw new Error("store is gone");
}

describe("measured ports", () => {
  it.each([
    ["ok", classification],
    ["queue_full", { kind: "fault", reason: "queue_full" }],
    ["decision_timeout", { kind: "fault", reason: "decision_timeout" }],
  ] as const)("count a classification that ends %s", async (result, given) => {
    const gate = Promise.withResolvers<Classification | ClassifierFault>();
    const classifier: Classifier = { classify: () => gate.promise };
    const measured = measuredClassifier(classifier, metrics);
    const running = measured.classify("hi", 0);
    expect(await valueOf("sidestep_classifier_waiting")).toBe(1);
    gate.resolve(given);
    expect(await running).toBe(given);
    expect(await valueOf("sidestep_classifier_waiting")).toBe(0);
    expect(await valueOf("sidestep_classifier_seconds_count", `result="${result}"`)).toBe(1);
  });

  it("leave nobody waiting when a classifier breaks its word and throws", async () => {
    const broken: Classifier = { classify: () => Promise.reject(new Error("broken")) };
    await expect(measuredClassifier(broken, metrics).classify("hi", 0)).rejects.toThrow("broken");
    expect(await valueOf("sidestep_classifier_waiting")).toBe(0);
  });

  it("count what a store finds, lacks and takes", async () => {
    const store = measuredStore(createMemoryStore({ maxEntries: 9, maxBytes: 9999 }), metrics);
    expect(await store.get("k")).toBeUndefined();
    await store.set("k", entry);
    expect(await store.get("k")).toEqual(entry);
    expect(await linesOf("sidestep_store_lookups_total")).toEqual([
      'sidestep_store_lookups_total{result="absent"} 1',
      'sidestep_store_lookups_total{result="found"} 1',
    ]);
    expect(await valueOf("sidestep_store_writes_total", 'result="done"')).toBe(1);
  });

  it("count a store's faults and pass them on", async () => {
    const store = measuredStore({ get: gone, set: gone }, metrics);
    await expect(store.get("k")).rejects.toThrow("store is gone");
    await expect(store.set("k", entry)).rejects.toThrow("store is gone");
    expect(await valueOf("sidestep_store_lookups_total", 'result="fault"')).toBe(1);
    expect(await valueOf("sidestep_store_writes_total", 'result="fault"')).toBe(1);
  });

  it("time work that succeeds and work that fails", async () => {
    const seen: number[] = [];
    const work = timed(
      async (value: number) => {
        if (value < 0) throw new Error("negative");
        return value * 2;
      },
      (seconds) => seen.push(seconds),
    );
    expect(await work(2)).toBe(4);
    await expect(work(-1)).rejects.toThrow("negative");
    expect(seen).toHaveLength(2);
    expect(seen.every((seconds) => seconds >= 0)).toBe(true);
  });
});

describe("the table of metrics", () => {
  it("follows Prometheus' naming: counters end in _total, durations in _seconds", () => {
    for (const [name, row] of Object.entries(metricTable)) {
      expect(name).toMatch(/^sidestep_[a-z_]+$/);
      expect(name.endsWith("_total"), name).toBe(row.kind === "counter");
      if (row.kind === "histogram") expect(name).toMatch(/_seconds$/);
    }
  });

  it("is wholly registered, with its help texts", async () => {
    const text = await metrics.text();
    for (const [name, row] of Object.entries(metricTable)) {
      expect(text).toContain(`# HELP ${name} ${row.help}\n# TYPE ${name} ${row.kind}\n`);
    }
  });
});
