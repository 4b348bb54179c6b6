/** The figures over OTLP: off unless asked for, in both encodings the same as `/metrics`, and never in a call's way. */
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { isMetricsExportOn } from "../../proxy/telemetry/metrics-export.ts";
import { scrape, total, type Series } from "../support/exposition.ts";
import {
  createMetricsCollector,
  exported,
  sortedSeries,
  type Exported,
  type MetricsCollector,
} from "../support/otlp-metrics.ts";
import { eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";

const policy = `version: 1
model: null
providers: { openai: { url: "http://127.0.0.1:9/v1", retries: 0 } }
routes:
  - name: ping
    when: { text: "^ping$" }
    answer: { template: "pong" }
`;

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function collector(status?: number | null): Promise<MetricsCollector> {
  const made = await createMetricsCollector(status);
  closing.push(() => made.close());
  return made;
}

async function sidecarTo(
  url: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Sidecar> {
  const sidecar = await startSidecar({
    policy,
    env: {
      OTEL_METRICS_EXPORTER: "otlp",
      OTEL_TRACES_EXPORTER: "none",
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_METRIC_EXPORT_INTERVAL: "1000",
      OTEL_EXPORTER_OTLP_TIMEOUT: "1000",
      ...more,
    },
  });
  closing.push(() => sidecar.stop());
  return sidecar;
}

async function ask(sidecar: Sidecar, text: string): Promise<Response> {
  const reply = await fetch(`${sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: text }] }),
  });
  await reply.text();
  return reply;
}

/** Our series of a scrape, named as exported ones are. */
function ours(series: Series): Map<string, number> {
  const found = [...series].filter(([key]) => key.startsWith("sidestep_"));
  return new Map(
    found.map(([key, value]) => {
      const name = key.replace(/\{.*$/, "");
      const labels = [...key.matchAll(/([a-z_]+)="([^"]*)"/g)];
      return [
        sortedSeries(
          name,
          labels.map(([, label = "", word = ""]) => [label, word]),
        ),
        value,
      ];
    }),
  );
}

/** The newest export that knows of `calls` calls. */
function exportOf({ sent }: MetricsCollector, calls: number): Promise<Exported> {
  return eventually(() => {
    const last = sent.at(-1);
    const read = last === undefined ? null : exported(last);
    return read !== null && total(read.series, "sidestep_requests_total") === calls ? read : null;
  });
}

describe("switched", () => {
  it.each([
    [{}, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" }, false],
    [{ OTEL_METRICS_EXPORTER: "otlp" }, true],
    [{ OTEL_METRICS_EXPORTER: "prometheus, OTLP" }, true],
    [{ OTEL_METRICS_EXPORTER: "none" }, false],
    [{ OTEL_METRICS_EXPORTER: "prometheus" }, false],
    [{ OTEL_METRICS_EXPORTER: "otlp", OTEL_SDK_DISABLED: "true" }, false],
  ])("by the environment %j: %s", (env, expected) => {
    expect(isMetricsExportOn(env)).toBe(expected);
  });
});

describe("each encoding", () => {
  it.each([
    ["http/json", "application/json"],
    ["http/protobuf", "application/x-protobuf"],
  ])("%s carries the same figures as /metrics", async (protocol, contentType) => {
    const to = await collector();
    const sidecar = await sidecarTo(to.url, { OTEL_EXPORTER_OTLP_PROTOCOL: protocol });
    for (const text of ["ping", "ping", "something else"]) await ask(sidecar, text);
    const { resource, scope, units, series } = await exportOf(to, 3);
    expect(to.sent.at(-1)).toMatchObject({ contentType, path: "/v1/metrics" });

    const scraped = ours(await scrape(sidecar));
    expect(scraped.size).toBeGreaterThan(100);
    const found = new Map([...series].filter(([key]) => key.startsWith("sidestep_")));
    expect(found).toEqual(scraped);
    expect([...series.keys()]).toContain("process_resident_memory_bytes");

    expect(resource.get("service.name")).toBe("sidestep");
    expect(resource.get("service.instance.id")).toMatch(/^[\da-f-]{36}$/);
    expect(scope).toMatch(/^sidestep \d+\.\d+\.\d+$/);
    expect(units.get("sidestep_overhead_seconds")).toBe("s");
    expect(units.get("sidestep_store_bytes")).toBe("By");
    expect(units.get("sidestep_requests_total")).toBe("");
  });

  it("is protobuf where nothing is said, under the name that the environment gives", async () => {
    const to = await collector();
    await sidecarTo(to.url, { OTEL_RESOURCE_ATTRIBUTES: "service.name=desk,team=blue" });
    const { resource } = await exportOf(to, 0);
    expect(to.sent[0]?.contentType).toBe("application/x-protobuf");
    expect([resource.get("service.name"), resource.get("team")]).toEqual(["desk", "blue"]);
  });

  it("that there is not is told, and the sidecar serves", async () => {
    const sidecar = await sidecarTo("http://127.0.0.1:9", { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" });
    expect((await ask(sidecar, "ping")).status).toBe(200);
    expect(sidecar.log()).toContain("metrics are sent by http/protobuf or http/json, not by grpc");
  });
});

describe("a collector", () => {
  it.each([
    ["that is not there", "http://127.0.0.1:9"],
    ["that refuses", 400],
  ])("%s is a fault that is told, and no call notices", async (_what, given) => {
    const url = typeof given === "string" ? given : (await collector(given)).url;
    const sidecar = await sidecarTo(url);
    expect((await ask(sidecar, "ping")).headers.get("x-sidestep-decision")).toBe("local");
    await eventually(async () => {
      const series = await scrape(sidecar);
      return total(series, "sidestep_faults_total", { where: "otlp_metrics" }) > 0 ? true : null;
    });
    expect(sidecar.log()).toContain('"where":"otlp_metrics"');
  });

  it("that never answers holds up no call, and not the end of the process", async () => {
    const to = await collector(null);
    const sidecar = await sidecarTo(to.url, { OTEL_METRIC_EXPORT_TIMEOUT: "60000" });
    await eventually(() => (to.sent.length > 0 ? true : null));
    for (let at = 0; at < 30; at += 1) {
      expect((await ask(sidecar, "ping")).headers.get("x-sidestep-decision")).toBe("local");
    }
    const ended = once(sidecar.process, "exit");
    sidecar.process.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });

  it("gets the last figures when the sidecar stops", async () => {
    const to = await collector();
    const sidecar = await sidecarTo(to.url, { OTEL_METRIC_EXPORT_INTERVAL: "600000" });
    await ask(sidecar, "ping");
    expect(to.sent).toHaveLength(0);
    sidecar.process.kill("SIGTERM");
    const { series } = await exportOf(to, 1);
    expect(total(series, "sidestep_requests_total", { decision: "local" })).toBe(1);
  });
});

/** Makes a process write the name of every package that it loads. */
const tellLoads =
  'import{registerHooks}from"node:module";registerHooks({resolve(name,from,next){' +
  'process.stderr.write("loads "+name+"\\n");return next(name,from)}})';

describe("what is loaded", () => {
  it.each([
    ["none", false],
    ["otlp", true],
  ])("with OTEL_METRICS_EXPORTER=%s of OpenTelemetry's metrics: %s", async (exporter, isLoaded) => {
    const to = await collector();
    const sidecar = await sidecarTo(to.url, {
      OTEL_METRICS_EXPORTER: exporter,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(tellLoads)}`,
    });
    await ask(sidecar, "ping");
    await scrape(sidecar);
    expect(sidecar.log()).toContain("loads prom-client");
    expect(sidecar.log().includes("loads @opentelemetry/sdk-metrics")).toBe(isLoaded);
    if (!isLoaded) expect(to.sent).toEqual([]);
  });
});
