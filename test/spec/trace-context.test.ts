/** Trace context through the real program: formats in and out, what is malformed, baggage, sampling, links, attempts of one call. */
import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { said } from "../support/otlp-traces.ts";
import { rawValue } from "../support/scripted-upstream-reader.ts";
import { eventually } from "../support/sidecar.ts";
import {
  ask,
  saying,
  spanIn,
  spansWith,
  startTraced,
  treeOf,
  type Environment,
  type Traced,
} from "../support/traced.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";
const traceparent = `00-${traceId}-${spanId}-01`;

let running: Traced | null = null;

afterEach(async () => {
  await running?.close();
  running = null;
});

function policyOf(url: string): string {
  return `version: 1
providers:
  openai: { url: ${url}/v1 }
  trusted: { url: ${url}/v1, baggage: true }
routes: [{ name: ping, when: { text: "^ping$" }, answer: { template: pong } }]
`;
}

async function traced(env: Environment = {}, policy = policyOf): Promise<Traced> {
  running = await startTraced({ policy, env });
  return running;
}

function sentOn({ last }: Traced, name: string): string | undefined {
  return rawValue(last()?.head.headers ?? [], name);
}

describe("B3", () => {
  it.each([
    ["in one line", { b3: `${traceId}-${spanId}-1` }],
    ["in several", { "x-b3-traceid": traceId, "x-b3-spanid": spanId, "x-b3-sampled": "1" }],
  ])("comes in %s and goes on in the form that is asked for", async (_how, headers) => {
    const here = await traced({ OTEL_PROPAGATORS: "b3multi" });
    const reply = await ask(here.sidecar, { text: "why?", headers });
    const tree = await treeOf(here.collector, reply);
    const attempt = spanIn(tree, "chat gpt-4o");
    expect(tree.find(({ kind }) => kind === 2)?.parentSpanId).toBe(spanId);
    expect(attempt.traceId).toBe(traceId);
    expect(sentOn(here, "x-b3-traceid")).toBe(traceId);
    expect(sentOn(here, "x-b3-spanid")).toBe(attempt.spanId);
    expect(sentOn(here, "x-b3-sampled")).toBe("1");
    expect([sentOn(here, "b3"), sentOn(here, "traceparent")]).toEqual([undefined, undefined]);
  });

  it("goes on beside W3C where both are asked for, with one parent", async () => {
    const here = await traced({ OTEL_PROPAGATORS: "tracecontext,b3" });
    const reply = await ask(here.sidecar, { text: "why?", headers: { traceparent } });
    const { spanId: ours } = spanIn(await treeOf(here.collector, reply), "chat gpt-4o");
    expect(sentOn(here, "b3")).toBe(`${traceId}-${ours}-1`);
    expect(sentOn(here, "traceparent")).toBe(`00-${traceId}-${ours}-01`);
  });

  it("that says not to record is obeyed, with ids and without", async () => {
    const here = await traced({ OTEL_PROPAGATORS: "b3" });
    await ask(here.sidecar, { text: "why?", headers: { b3: `${traceId}-${spanId}-0` } });
    expect(sentOn(here, "b3")).toMatch(new RegExp(`^${traceId}-[0-9a-f]{16}-0$`));
    await ask(here.sidecar, { text: "how?", headers: { b3: "0" } });
    expect(sentOn(here, "b3")).toMatch(/^[0-9a-f]{32}-[0-9a-f]{16}-0$/);
    const reply = await ask(here.sidecar, { text: "what?" });
    await treeOf(here.collector, reply);
    const spans = await spansWith(here.collector, () => true);
    expect(new Set(spans.map((span) => span.traceId)).size).toBe(1);
  });

  it("is left as it is where only W3C is asked for", async () => {
    const here = await traced();
    await ask(here.sidecar, { text: "why?", headers: { b3: "anything" } });
    expect(sentOn(here, "b3")).toBe("anything");
    expect(sentOn(here, "traceparent")).toMatch(/^00-/);
  });
});

describe("OTEL_PROPAGATORS=none", () => {
  it("leaves the caller's context as it is, and begins a trace of our own", async () => {
    const here = await traced({ OTEL_PROPAGATORS: "none" });
    const reply = await ask(here.sidecar, { text: "why?", headers: { traceparent } });
    expect(sentOn(here, "traceparent")).toBe(traceparent);
    const tree = await treeOf(here.collector, reply);
    expect(tree[0]?.traceId).not.toBe(traceId);
  });
});

describe("a caller's traceparent", () => {
  it("that is malformed in any way begins a new trace, and one that is sound goes on", async () => {
    const here = await traced();
    const sound = fc.constant(traceparent);
    const changed = fc
      .tuple(
        fc.nat(traceparent.length - 1),
        fc.constantFrom("0", "f", "g", "G", "-", "_", " ", ",", ";"),
      )
      .map(([at, sign]) => `${traceparent.slice(0, at)}${sign}${traceparent.slice(at + 1)}`);
    const cut = fc.nat(traceparent.length).map((at) => traceparent.slice(0, at));
    const grown = fc.constantFrom("-", "-00", "x", " x").map((more) => traceparent + more);
    await fc.assert(
      fc.asyncProperty(fc.oneof(sound, changed, cut, grown), async (value) => {
        const headers = { traceparent: value, tracestate: "a=1" };
        await ask(here.sidecar, { text: "why?", headers });
        const isSound = isTraceparent(value.trim());
        const out = sentOn(here, "traceparent") ?? "";
        expect(isTraceparent(out)).toBe(true);
        expect(out.slice(3, 35) === value.trim().slice(3, 35)).toBe(isSound);
        expect(out.slice(36, 52)).not.toBe(value.trim().slice(36, 52));
        expect(sentOn(here, "tracestate")).toBe(isSound ? "a=1" : undefined);
      }),
      { numRuns: 200 },
    );
  });
});

/** The specification's rules in other words than the program's. */
function isTraceparent(value: string): boolean {
  const [version = "", ...rest] = value.split("-");
  const [trace = "", parent = "", flags = "", ...more] = rest;
  if (version === "ff" || (version === "00" && more.length > 0)) return false;
  const isHex = (text: string, digits: number): boolean =>
    text.length === digits && !/[^0-9a-f]/.test(text);
  const lengths = [2, 32, 16, 2];
  const fields = [version, trace, parent, flags];
  const isFormed = fields.every((field, at) => isHex(field, lengths[at] ?? 0));
  return isFormed && [trace, parent].every((id) => /[^0]/.test(id));
}

describe("baggage", () => {
  it("goes to a provider only where the policy says so, and spans tell the keys that were named", async () => {
    const here = await traced({ SIDESTEP_TRACE_BAGGAGE: "tenant" });
    const headers = { baggage: "tenant=acme,user=42" };
    const reply = await ask(here.sidecar, { text: "why?", headers });
    expect(sentOn(here, "baggage")).toBeUndefined();
    const tree = await treeOf(here.collector, reply);
    const server = tree.find(({ kind }) => kind === 2);
    const told = server?.attributes.filter(({ key }) => key.startsWith("baggage."));
    expect(told?.map(({ key, value }) => [key, value])).toEqual([["baggage.tenant", "acme"]]);
    await ask(here.sidecar, { text: "why?", headers, prefix: "/trusted" });
    expect(sentOn(here, "baggage")).toBe("tenant=acme,user=42");
  });
});

describe("sampling", () => {
  it("honours the caller's decision in both directions, whatever ours would be", async () => {
    const never = { OTEL_TRACES_SAMPLER: "parentbased_always_off" };
    const here = await traced(never);
    await ask(here.sidecar, { text: "ping" });
    await ask(here.sidecar, {
      text: "ping",
      headers: { traceparent: traceparent.replace(/1$/, "0") },
    });
    const reply = await ask(here.sidecar, { text: "ping", headers: { traceparent } });
    await treeOf(here.collector, reply);
    const spans = await spansWith(here.collector, () => true);
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  });
});

describe("links", () => {
  it("lead from a stored reply to the call that fetched it", async () => {
    const cache = "cache: { mode: exact, scope: global, ttl: 1h }\n";
    const here = await traced({}, (url) => policyOf(url) + cache);
    const first = await treeOf(here.collector, await ask(here.sidecar, { text: "why?" }));
    const again = await ask(here.sidecar, { text: "why?" });
    expect(again.headers.get("x-sidestep-decision")).toBe("cache");
    const tree = await treeOf(here.collector, again);
    const fetched = spanIn(first, "chat gpt-4o");
    const server = tree.find(({ kind }) => kind === 2);
    expect(server?.links).toEqual([`${fetched.traceId}-${fetched.spanId}`]);
    expect(server?.traceId).not.toBe(fetched.traceId);
  });

  it("lead from comparing an answer, which comes after the call, to the call", async () => {
    const here = await traced({}, (url) => `${policyOf(url)}verify: 100%\nmodel: support-v1\n`);
    here.cloud.play(saying("pong"));
    const reply = await ask(here.sidecar, { text: "ping" });
    const server = (await treeOf(here.collector, reply)).find(({ kind }) => kind === 2);
    const spans = await spansWith(here.collector, ({ name }) => name === "sidestep.verify");
    const compare = spanIn(spans, "sidestep.verify");
    expect(compare.parentSpanId).toBe("");
    expect(compare.links).toEqual([`${server?.traceId}-${server?.spanId}`]);
    expect(said(compare, "sidestep.compared.outcome")).toBe("agree");
    expect(said(compare, "sidestep.request_id")).toBe(
      said(server ?? compare, "sidestep.request_id"),
    );
  });
});

describe("further attempts", () => {
  it("have a span each, the first ones ended as resent", async () => {
    const gone = '  gone: { url: "http://127.0.0.1:9/v1", retries: 2 }\n';
    const here = await traced({}, (url) => policyOf(url).replace("routes:", `${gone}routes:`));
    const reply = await ask(here.sidecar, { text: "why?", prefix: "/gone" });
    expect(reply.status).toBe(502);
    const tree = await treeOf(here.collector, reply);
    const attempts = tree.filter(({ kind }) => kind === 3);
    const told = attempts.map((one) => [
      said(one, "http.request.resend_count") ?? 0,
      said(one, "error.type"),
    ]);
    expect(told.map(([count, type]) => `${String(count)} ${String(type)}`).toSorted()).toEqual([
      "0 resent",
      "1 resent",
      "2 upstream_unreachable",
    ]);
  });
});

describe("an unknown format", () => {
  it("is told in the log and stops nothing", async () => {
    const here = await traced({ OTEL_PROPAGATORS: "xray,tracecontext" });
    await eventually(() => (here.sidecar.log().includes("xray is not known here") ? true : null));
    await ask(here.sidecar, { text: "why?", headers: { traceparent } });
    expect(sentOn(here, "traceparent")).toMatch(new RegExp(`^00-${traceId}-`));
  });
});
