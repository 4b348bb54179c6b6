/** Spans as a real collector receives them, and the trace headers that go on to the provider. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  trace,
  type Tracer as Spans,
} from "@opentelemetry/api";
import type { HeaderLines } from "../../../proxy/core/http.ts";
import type { CallSpan, Tracer } from "../../../proxy/core/tracing.ts";
import { CallTrace } from "../../../proxy/telemetry/call-trace.ts";
import { ForeignState } from "../../../proxy/telemetry/foreign-state.ts";
import { traceSettingsFrom } from "../../../proxy/telemetry/trace-settings.ts";
import { createTracer, isTracingOn, noTracer } from "../../../proxy/telemetry/trace.ts";
import { providerOf } from "../../support/builders.ts";
import { attributeOf, createCollector, type Collector, type SentSpan } from "./collector.ts";
import { forwardedVerdict, recordOf } from "./records.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parentId = "00f067aa0ba902b7";
const traceparent = `00-${traceId}-${parentId}-03`;
const cloud = {
  provider: providerOf("openai", "https://api.openai.example/v1"),
  protocol: "openai-chat",
  model: "gpt-4o-mini",
} as const;

let collector: Collector;
const faults: unknown[] = [];

function unexpected(fault: unknown): void {
  faults.push(fault);
}

async function tracerTo(url: string, more: Readonly<Record<string, string>> = {}): Promise<Tracer> {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    ...more,
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  return createTracer(process.env, unexpected);
}

function started(tracer: Tracer, headers: HeaderLines, method = "POST"): CallSpan {
  const head = { method, target: "/v1/chat/completions?key=secret", headers };
  return tracer.start({ head, startedMs: performance.now() });
}

function linesAsMap(lines: HeaderLines): Map<string, string> {
  const pairs = lines.flatMap((name, at) =>
    at % 2 === 0 ? [[name, lines[at + 1] ?? ""] as const] : [],
  );
  return new Map(pairs);
}

function spanNamed(name: string): SentSpan {
  const found = collector.spans.find((span) => span.name === name);
  if (found === undefined) throw new Error(`the collector got no span called ${name}`);
  return found;
}

beforeEach(async () => {
  faults.length = 0;
  collector = await createCollector();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await collector.close();
  expect(faults).toEqual([]);
});

describe("tracing switched", () => {
  it.each([
    [{}, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" }, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://c:4318/v1/traces" }, true],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: " " }, false],
    [{ OTEL_TRACES_EXPORTER: "otlp" }, true],
    [{ OTEL_TRACES_EXPORTER: "none" }, false],
    [{ OTEL_TRACES_EXPORTER: "none", OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" }, false],
    [{ OTEL_TRACES_EXPORTER: "otlp", OTEL_SDK_DISABLED: "TRUE" }, false],
    [{ OTEL_TRACES_EXPORTER: "otlp", OTEL_SDK_DISABLED: "false" }, true],
  ])("by the environment %j: %s", (env, expected) => {
    expect(isTracingOn(env)).toBe(expected);
  });

  it("off traces nothing and leaves the caller's headers alone", async () => {
    const tracer = await createTracer({}, unexpected);
    expect(tracer).toBe(noTracer);
    const span = started(tracer, ["traceparent", traceparent]);
    span.decide()();
    expect(span.attempt(cloud)).toEqual([]);
    span.end(recordOf());
    await tracer.close();
  });
});

describe("a forwarded call", () => {
  it("has a server span under the caller's, and under it the deciding and the attempt", async () => {
    const tracer = await tracerTo(collector.url);
    const span = started(tracer, ["traceparent", traceparent]);
    span.decide()();
    const lines = linesAsMap(span.attempt(cloud));
    span.end(recordOf({ verdict: forwardedVerdict(), stream: true, firstByteMs: 250 }));
    await tracer.close();

    const server = spanNamed("POST /v1/chat/completions");
    const decide = spanNamed("sidestep.decide");
    const attempt = spanNamed("chat gpt-4o-mini");
    expect(collector.spans).toHaveLength(3);
    expect([server.traceId, decide.traceId, attempt.traceId]).toEqual([traceId, traceId, traceId]);
    expect(server.parentSpanId).toBe(parentId);
    expect([decide.parentSpanId, attempt.parentSpanId]).toEqual([server.spanId, server.spanId]);
    expect([server.kind, decide.kind, attempt.kind]).toEqual([2, 1, 3]);
    expect(lines.get("traceparent")).toBe(`00-${traceId}-${attempt.spanId}-03`);
  });

  it("says what was decided, what it cost and where it went, and nothing of the query", async () => {
    const tracer = await tracerTo(collector.url);
    const span = started(tracer, []);
    span.attempt(cloud);
    const would = { decision: "local", reason: "answered_faq", route: "faq" } as const;
    span.end(
      recordOf({ verdict: forwardedVerdict({ reason: "observe_mode", would, target: "cheap" }) }),
    );
    await tracer.close();

    const server = spanNamed("POST /v1/chat/completions");
    const said = (key: string): unknown => attributeOf(server, key);
    expect(said("http.request.method")).toBe("POST");
    expect(said("http.route")).toBe("/v1/chat/completions");
    expect(said("url.path")).toBe("/v1/chat/completions");
    expect(said("http.response.status_code")).toBe(200);
    expect(said("sidestep.decision")).toBe("forwarded");
    expect(said("sidestep.reason")).toBe("observe_mode");
    expect(said("sidestep.would.decision")).toBe("local");
    expect(said("sidestep.would.reason")).toBe("answered_faq");
    expect(said("sidestep.target")).toBe("cheap");
    expect(said("sidestep.cost_usd")).toBe(0.002);
    expect(said("sidestep.saved_usd")).toBeUndefined();
    expect(said("sidestep.policy.revision")).toBe("abcdef012345");
    const attempt = spanNamed("chat gpt-4o-mini");
    expect(attributeOf(attempt, "server.address")).toBe("api.openai.example");
    expect(attributeOf(attempt, "server.port")).toBe(443);
    expect(attributeOf(attempt, "gen_ai.operation.name")).toBe("chat");
    expect(attributeOf(attempt, "gen_ai.provider.name")).toBe("openai");
    expect(attributeOf(attempt, "gen_ai.request.model")).toBe("gpt-4o-mini");
    expect(attributeOf(attempt, "gen_ai.usage.input_tokens")).toBe(12);
    expect(attributeOf(attempt, "gen_ai.usage.output_tokens")).toBe(8);
    expect(JSON.stringify(collector.spans)).not.toContain("secret");
  });

  it("says what the provider's prompt cache had and took, where it had a part in it", async () => {
    const tracer = await tracerTo(collector.url);
    const promptCache = { readTokens: 900, writtenTokens: 50, hourTokens: 0 };
    const usage = { inputTokens: 1000, outputTokens: 8, isEstimate: false, promptCache };
    const span = started(tracer, []);
    span.attempt(cloud);
    span.end(recordOf({ verdict: forwardedVerdict(), usage }));
    await tracer.close();
    const attempt = spanNamed("chat gpt-4o-mini");
    expect(attributeOf(attempt, "gen_ai.usage.input_tokens")).toBe(1000);
    expect(attributeOf(attempt, "gen_ai.usage.cache_read.input_tokens")).toBe(900);
    expect(attributeOf(attempt, "gen_ai.usage.cache_creation.input_tokens")).toBe(50);
  });

  it("gives each attempt a span and a parent-id of its own", async () => {
    const tracer = await tracerTo(collector.url);
    const span = started(tracer, ["traceparent", traceparent]);
    const first = linesAsMap(span.attempt(cloud)).get("traceparent");
    const second = linesAsMap(span.attempt({ ...cloud, model: "gpt-4o" })).get("traceparent");
    span.end(recordOf({ verdict: forwardedVerdict() }));
    await tracer.close();
    expect(first).not.toBe(second);
    expect(spanNamed("chat gpt-4o-mini").status.code).toBe(2);
    expect(attributeOf(spanNamed("chat gpt-4o"), "http.request.resend_count")).toBe(1);
    expect(attributeOf(spanNamed("chat gpt-4o-mini"), "http.request.resend_count")).toBeUndefined();
  });

  it("to a provider by plain HTTP, of a protocol that is not read, is named after what it is", async () => {
    const tracer = await tracerTo(collector.url);
    const span = started(tracer, [], "BREW");
    const provider = providerOf("local", "http://127.0.0.1/v1");
    span.attempt({ provider, protocol: null, model: null });
    span.end(
      recordOf({ protocol: null, model: null, method: "BREW", verdict: forwardedVerdict() }),
    );
    await tracer.close();
    expect(collector.spans.map(({ name }) => name).toSorted()).toEqual(["_OTHER", "relay"]);
    expect(attributeOf(spanNamed("_OTHER"), "http.request.method_original")).toBe("BREW");
    expect(attributeOf(spanNamed("relay"), "server.port")).toBe(80);
    expect(attributeOf(spanNamed("relay"), "gen_ai.operation.name")).toBeUndefined();
  });
});

describe("how a call ended", () => {
  it.each([
    ["a client error is one at the provider, not here", { status: 429 }, [0, 2, "429"]],
    ["a server error is one on both sides", { status: 503 }, [2, 2, "503"]],
    ["a provider that breaks off is an error", { ending: "cut" }, [2, 2, "cut"]],
    ["a caller who leaves is none", { ending: "aborted", status: 503 }, [0, 0, undefined]],
  ] as const)("%s", async (_what, more, expected) => {
    const tracer = await tracerTo(collector.url);
    const span = started(tracer, []);
    span.attempt(cloud);
    span.end(recordOf({ verdict: forwardedVerdict(), ...more }));
    await tracer.close();
    const server = spanNamed("POST /v1/chat/completions");
    const attempt = spanNamed("chat gpt-4o-mini");
    const said = [server.status.code ?? 0, attempt.status.code ?? 0];
    expect([...said, attributeOf(attempt, "error.type")]).toEqual(expected);
  });

  it("counts once: what comes after the end changes nothing", async () => {
    const tracer = await tracerTo(collector.url);
    const span = started(tracer, []);
    span.end(recordOf());
    span.end(recordOf({ status: 500 }));
    expect(span.attempt(cloud)).toEqual([]);
    span.decide()();
    await tracer.close();
    expect(collector.spans).toHaveLength(2);
    expect(attributeOf(spanNamed("POST /v1/chat/completions"), "http.response.status_code")).toBe(
      200,
    );
  });

  it("in the pod shows as a model call of ours, as long as the answer took", async () => {
    const tracer = await tracerTo(collector.url);
    const span = started(tracer, []);
    span.end(recordOf({ firstByteMs: 40 }));
    await tracer.close();
    const own = spanNamed("chat gpt-4o-mini");
    expect(own.kind).toBe(1);
    expect(attributeOf(own, "gen_ai.provider.name")).toBe("sidestep");
    const ms = Number(BigInt(own.endTimeUnixNano) - BigInt(own.startTimeUnixNano)) / 1e6;
    expect(ms).toBeCloseTo(40, 1);
  });
});

describe("the caller's trace", () => {
  it("keeps a foreign tracestate with keys that the stock propagator drops", async () => {
    const tracer = await tracerTo(collector.url);
    const state = `tenant@sys=1,${"k".repeat(256)}=v`;
    const span = started(tracer, [
      "traceparent",
      traceparent,
      "tracestate",
      state,
      "tracestate",
      "b=2",
    ]);
    const lines = linesAsMap(span.attempt(cloud));
    span.end(recordOf({ verdict: forwardedVerdict() }));
    await tracer.close();
    expect(lines.get("tracestate")).toBe(`${state},b=2`);
    expect(spanNamed("chat gpt-4o-mini").traceState).toBe(`${state},b=2`);
  });

  it("keeps its traceparent when the tracestate is illegal, and sends no part of that on", async () => {
    const tracer = await tracerTo(collector.url);
    const span = started(tracer, ["traceparent", traceparent, "tracestate", "good=1,BAD=2"]);
    const lines = linesAsMap(span.attempt(cloud));
    await tracer.close();
    expect(lines.get("traceparent")).toContain(traceId);
    expect(lines.has("tracestate")).toBe(false);
  });

  it("is replaced by a new one, without tracestate, when its traceparent is malformed", async () => {
    const tracer = await tracerTo(collector.url);
    const span = started(tracer, ["traceparent", traceparent.toUpperCase(), "tracestate", "a=1"]);
    const lines = linesAsMap(span.attempt(cloud));
    await tracer.close();
    expect(lines.get("traceparent")).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(lines.get("traceparent")).not.toContain(traceId);
    expect(lines.has("tracestate")).toBe(false);
  });

  it("is carried on unrecorded when the caller did not sample it", async () => {
    const tracer = await tracerTo(collector.url);
    const unsampled = `${traceparent.slice(0, -2)}02`;
    const span = started(tracer, ["traceparent", unsampled, "tracestate", "a=1"]);
    const lines = linesAsMap(span.attempt(cloud));
    span.end(recordOf());
    await tracer.close();
    expect(lines.get("traceparent")).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-02$`));
    expect(lines.get("tracestate")).toBe("a=1");
    expect(collector.spans).toEqual([]);
  });
});

describe("the exporter", () => {
  it("names the service sidestep unless the environment names it", async () => {
    for (const more of [
      {},
      { OTEL_SERVICE_NAME: "mine" },
      { OTEL_RESOURCE_ATTRIBUTES: "a=b,service.name=theirs" },
    ]) {
      const tracer = await tracerTo(collector.url, more);
      started(tracer, []).end(recordOf());
      await tracer.close();
      vi.unstubAllEnvs();
    }
    const services = collector.resources.map((resource) => attributeOf(resource, "service.name"));
    expect(services).toEqual(["sidestep", "mine", "theirs"]);
  });

  it("speaks protobuf unless the environment says otherwise, as OpenTelemetry defines it", async () => {
    const tracer = await tracerTo(collector.url, { OTEL_EXPORTER_OTLP_PROTOCOL: "" });
    started(tracer, []).end(recordOf());
    await tracer.close();
    expect(collector.contentTypes).toEqual(["application/x-protobuf"]);
  });

  it("sends times to Zipkin that it takes: whole microseconds", async () => {
    const env = { OTEL_TRACES_EXPORTER: "zipkin", OTEL_EXPORTER_ZIPKIN_ENDPOINT: collector.url };
    const tracer = await tracerTo(collector.url, env);
    const span = started(tracer, []);
    span.decide()();
    span.attempt(cloud);
    span.end(recordOf({ verdict: forwardedVerdict(), firstByteMs: 1.234_567 }));
    await tracer.close();
    const [sent = ""] = collector.texts;
    expect(sent.match(/"timestamp":[0-9.]+/g)).toHaveLength(4);
    expect(sent.match(/"(?:timestamp|duration)":\d+\.\d/g)).toBeNull();
  });

  it.each([
    ["nothing listens", async () => "http://127.0.0.1:1"],
    ["it refuses everything", async () => (await refusing()).url],
  ])("never fails a call when %s", async (_what, url) => {
    const tracer = await tracerTo(await url(), { OTEL_EXPORTER_OTLP_TIMEOUT: "200" });
    const span = started(tracer, ["traceparent", traceparent]);
    expect(span.attempt(cloud)).toHaveLength(2);
    span.end(recordOf());
    await tracer.close();
  });
});

describe("tracing that cannot work", () => {
  it("is told once and traces nothing", async () => {
    const tracer = await tracerTo("http://[::", { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" });
    expect(tracer).toBe(noTracer);
    expect(faults.splice(0)).toHaveLength(1);
  });

  it("sends on no identifiers of nothing when the exporter is one that nobody knows", async () => {
    const tracer = await tracerTo(collector.url, { OTEL_TRACES_EXPORTER: "carrier-pigeon" });
    const span = started(tracer, []);
    expect(span.attempt(cloud)).toEqual([]);
    span.end(recordOf());
    await tracer.close();
  });

  it("costs a span and not the call when a call's head cannot be read", async () => {
    const tracer = await tracerTo(collector.url);
    const head = { method: "POST", target: "/", headers: [] };
    Object.defineProperty(head, "headers", { get: () => unreadable() });
    const span = tracer.start({ head, startedMs: 0 });
    expect(span.attempt(cloud)).toEqual([]);
    await tracer.close();
  });

  it("costs a span and not the call when the library throws", () => {
    const head = { method: "POST", target: "/", headers: [] };
    const call = { head, startedMs: 0 };
    const incoming = { context: ROOT_CONTEXT, parentFlags: 0, isDebug: false };
    const begin = { call, incoming, settings: traceSettingsFrom({}) };
    let spans = 0;
    const recorded = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    recorded.isRecording = () => true;
    const oneOnly: Spans = {
      startSpan: () => (spans++ === 0 ? recorded : unreadable()),
      startActiveSpan: unreadable,
    };
    const span = new CallTrace(oneOnly, begin);
    span.decide()();
    expect(span.attempt(cloud)).toEqual([]);
    span.end(recordOf());
    expect(spans).toBe(4);
  });
});

describe("a foreign tracestate in OpenTelemetry's hands", () => {
  const state = new ForeignState([
    { key: "a", value: "1" },
    { key: "b", value: "2" },
  ]);

  it("can be read, and changed into a new list with the changed member first", () => {
    expect(state.get("b")).toBe("2");
    expect(state.get("c")).toBeUndefined();
    expect(state.set("b", "3").serialize()).toBe("b=3,a=1");
    expect(state.unset("a").serialize()).toBe("b=2");
    expect(state.serialize()).toBe("a=1,b=2");
  });
});

function unreadable(): never {
  throw new Error("unreadable");
}

const refusals: Collector[] = [];

async function refusing(): Promise<Collector> {
  const refusal = await createCollector(400);
  refusals.push(refusal);
  return refusal;
}

afterEach(async () => {
  for (const refusal of refusals.splice(0)) await refusal.close();
});
