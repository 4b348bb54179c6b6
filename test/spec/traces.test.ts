/** Traces of the real program: one tree a call, every attribute as the conventions have it, in both encodings, and never in a call's way. */
import { afterEach, describe, expect, it } from "vitest";
import * as published from "@opentelemetry/semantic-conventions/incubating";
import { breach, deprecated, registry } from "../support/conventions.ts";
import { createMetricsCollector, type MetricsCollector } from "../support/otlp-metrics.ts";
import { said, spansIn, type SeenSpan } from "../support/otlp-traces.ts";
import { createScriptedUpstream } from "../support/scripted-upstream.ts";
import { eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function policyFor(url: string): string {
  return `version: 1
model: support-v1
providers:
  openai: { url: ${url}/v1 }
  failing: { url: ${url}/failing/v1 }
  gone: { url: "http://127.0.0.1:9/v1", retries: 0 }
targets:
  - { name: cheap, provider: openai, model: gpt-4o-mini }
cache: { mode: exact, scope: global, ttl: 1h }
limits: { decision: 5s }
routes:
  - name: ping
    when: { text: "^ping$" }
    answer: { template: "pong" }
  - name: greeting
    when: { task: greeting, confidence: ">= 0.5", system: any }
    answer: { template: "Hello!" }
  - name: own
    when: { text: "of its own" }
    forward: { target: cheap }
`;
}

const completion = {
  headers: ["content-type", "application/json"],
  body: JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "gpt-4o-mini",
    choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
  }),
};

const chunk = { id: "c", object: "chat.completion.chunk", created: 1, model: "gpt-4o" };
const delta = { ...chunk, choices: [{ index: 0, delta: { content: "ok" }, finish_reason: null }] };
const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };
const stream = {
  headers: ["content-type", "text/event-stream"],
  body: [delta, { ...chunk, choices: [], usage }, null]
    .map((one) => `data: ${one === null ? "[DONE]" : JSON.stringify(one)}\n\n`)
    .join(""),
};

async function collectorOf(status: number | null = 200): Promise<MetricsCollector> {
  const collector = await createMetricsCollector(status);
  closing.push(() => collector.close());
  return collector;
}

type Environment = Readonly<Record<string, string>>;

async function sidecarTo(collector: string, more: Environment = {}): Promise<Sidecar> {
  const cloud = await createScriptedUpstream();
  closing.push(() => cloud.close());
  cloud.play(async (exchange) => {
    if (exchange.head.target.startsWith("/failing"))
      return exchange.reply({ status: 500, body: "broken" });
    const { bytes } = await exchange.body();
    const isStream = bytes.includes('"stream":true');
    return exchange.reply(isStream ? stream : completion);
  });
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector, OTEL_BSP_SCHEDULE_DELAY: "50", ...more };
  const sidecar = await startSidecar({ policy: policyFor(cloud.url), env });
  closing.push(() => sidecar.stop());
  return sidecar;
}

interface Call {
  readonly text: string;
  readonly prefix?: string;
  readonly headers?: Environment;
  readonly stream?: boolean;
}

async function ask(sidecar: Sidecar, call: Call): Promise<Response> {
  const { text, prefix = "", headers = {}, stream: isStream = false } = call;
  const asked = { model: "gpt-4o", stream: isStream, messages: [{ role: "user", content: text }] };
  const reply = await fetch(`${sidecar.url}${prefix}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(asked),
  });
  await reply.text();
  return reply;
}

const calls: readonly Call[] = [
  { text: "ping" },
  { text: "hello there" },
  { text: "how long is the Nile?" },
  { text: "how long is the Nile?" },
  { text: "how deep is the Nile?", stream: true },
  { text: "a question of its own" },
  { text: "how wide is the Nile?", headers: { "x-sidestep-mode": "observe" } },
  { text: "what is up?", prefix: "/failing" },
  { text: "what is down?", prefix: "/gone" },
];

/** The spans of as many calls, once all have come. */
async function treesOf(collector: MetricsCollector, many: number): Promise<SeenSpan[][]> {
  return eventually(() => {
    const spans = collector.sent.flatMap(spansIn);
    const roots = spans.filter(({ kind }) => kind === 2);
    if (roots.length < many) return null;
    return roots.map((root) => spans.filter(({ traceId }) => traceId === root.traceId));
  });
}

function shapeOf(tree: readonly SeenSpan[]): string[] {
  return tree.map(({ name }) => name).toSorted();
}

describe.each(["http/json", "http/protobuf"])("traces by %s", (protocol) => {
  it("are one tree a call, and every attribute is as the conventions have it", async () => {
    const collector = await collectorOf();
    const sidecar = await sidecarTo(collector.url, { OTEL_EXPORTER_OTLP_PROTOCOL: protocol });
    for (const call of calls) await ask(sidecar, call);
    const trees = await treesOf(collector, calls.length);
    const spans = trees.flat();
    const breaches = spans.flatMap(({ attributes }) =>
      attributes.flatMap(({ key, type }) => breach(key, type) ?? []),
    );
    expect(breaches).toEqual([]);
    expect(new Set(collector.sent.map(({ path }) => path))).toEqual(new Set(["/v1/traces"]));
    for (const tree of trees) {
      const root = tree.find(({ kind }) => kind === 2);
      expect(root?.parentSpanId).toBe("");
      const inner = tree.filter((one) => one !== root);
      expect(inner.length).toBeGreaterThan(0);
      expect(new Set(inner.map(({ parentSpanId }) => parentSpanId))).toEqual(
        new Set([root?.spanId]),
      );
    }
  });
});

describe("the table of conventions that spans are held against", () => {
  it("has no name that the published registry does not have", () => {
    const names = new Set<unknown>(Object.values(published));
    const used = Object.keys({ ...registry, ...deprecated });
    expect(used.filter((name) => !names.has(name))).toEqual([]);
  });
});

describe("a tree", () => {
  async function treeOf(call: Call, times = 1): Promise<SeenSpan[]> {
    const collector = await collectorOf();
    const sidecar = await sidecarTo(collector.url);
    for (let at = 0; at < times; at += 1) await ask(sidecar, call);
    return (await treesOf(collector, times)).at(-1) ?? [];
  }

  function spanIn(tree: readonly SeenSpan[], name: string): SeenSpan {
    const found = tree.find((one) => one.name === name);
    if (found === undefined) throw new Error(`${name} is not in ${shapeOf(tree).join(", ")}`);
    return found;
  }

  it("tells what was decided and by which scores", async () => {
    const tree = await treeOf({ text: "hello there" });
    expect(shapeOf(tree)).toEqual(["POST /v1/chat/completions", "chat gpt-4o", "sidestep.decide"]);
    const decide = spanIn(tree, "sidestep.decide");
    expect(said(decide, "sidestep.route")).toBe("greeting");
    expect(said(decide, "sidestep.signal.task")).toBe("greeting");
    expect(said(decide, "sidestep.signal.task_score")).toBeGreaterThan(0.5);
    const answer = spanIn(tree, "chat gpt-4o");
    expect(said(answer, "gen_ai.provider.name")).toBe("sidestep");
    expect(answer.events).toEqual(["sidestep.first_byte"]);
  });

  it("tells what the store had", async () => {
    const first = await treeOf({ text: "how long is the Nile?" });
    expect(said(spanIn(first, "sidestep.cache.lookup"), "sidestep.cache.outcome")).toBe("miss");
    const again = await treeOf({ text: "how long is the Nile?" }, 2);
    expect(said(spanIn(again, "sidestep.cache.lookup"), "sidestep.cache.outcome")).toBe("hit");
    expect(again.filter(({ kind }) => kind === 3)).toEqual([]);
  });

  it("tells which model answered and why it ended, and of the pod's answers that they are whole", async () => {
    const attempt = spanIn(await treeOf({ text: "how wide is the Nile?" }), "chat gpt-4o");
    expect(said(attempt, "gen_ai.response.model")).toBe("gpt-4o-mini");
    expect(said(attempt, "gen_ai.response.finish_reasons")).toEqual(["stop"]);
    const answer = spanIn(await treeOf({ text: "ping" }), "chat gpt-4o");
    expect(said(answer, "gen_ai.response.finish_reasons")).toEqual(["stop"]);
  });

  it("tells a stream's first byte and its pace", async () => {
    const attempt = spanIn(
      await treeOf({ text: "how deep is the Nile?", stream: true }),
      "chat gpt-4o",
    );
    expect(attempt.events).toEqual(["sidestep.first_byte"]);
    expect(said(attempt, "gen_ai.response.time_to_first_chunk")).toBeGreaterThan(0);
    expect(said(attempt, "sidestep.stream.ms_per_token")).toBeGreaterThanOrEqual(0);
    expect(said(attempt, "gen_ai.usage.output_tokens")).toBe(7);
  });

  it("tells the same of a stream that the pod makes", async () => {
    const answer = spanIn(await treeOf({ text: "ping", stream: true }), "chat gpt-4o");
    expect(answer.events).toEqual(["sidestep.first_byte"]);
    expect(said(answer, "gen_ai.response.time_to_first_chunk")).toBeGreaterThan(0);
    expect(said(answer, "sidestep.stream.ms_per_token")).toBeGreaterThanOrEqual(0);
  });

  it("names the kind of an error, and tells no first byte where none came", async () => {
    const attempt = spanIn(
      await treeOf({ text: "how old is the Nile?", prefix: "/gone" }),
      "chat gpt-4o",
    );
    expect([attempt.status, attempt.events]).toEqual([2, []]);
    expect(said(attempt, "error.type")).toBe("upstream_unreachable");
  });
});

describe("a collector", () => {
  it.each([
    ["is not there", "http://127.0.0.1:9"],
    ["refuses", 400],
    ["is overloaded", 503],
    ["never answers", null],
  ] as const)("that %s holds up no call", async (_how, what) => {
    const url = typeof what === "string" ? what : (await collectorOf(what)).url;
    const sidecar = await sidecarTo(url);
    for (let at = 0; at < 100; at += 1) {
      expect((await ask(sidecar, { text: "ping" })).status).toBe(200);
    }
  });

  it("that hangs finds no more than a queue's length when it is back", async () => {
    const back = Promise.withResolvers<number>();
    const collector = await createMetricsCollector(back.promise);
    closing.push(() => collector.close());
    const sidecar = await sidecarTo(collector.url, {
      OTEL_BSP_MAX_QUEUE_SIZE: "64",
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "16",
    });
    const meanwhile: (string | null)[] = [];
    for (let at = 0; at < 300; at += 1) meanwhile.push(idOf(await ask(sidecar, { text: "ping" })));
    back.resolve(200);
    const late: (string | null)[] = [];
    await eventually(async () => {
      late.push(idOf(await ask(sidecar, { text: "ping" })));
      const here = sentIds(collector);
      return late.some((id) => here.has(id)) ? true : null;
    });
    const sent = sentIds(collector);
    const came = meanwhile.filter((id) => sent.has(id));
    expect(came.length).toBeGreaterThan(0);
    expect(came.length).toBeLessThanOrEqual(64 + 16);
  });
});

function idOf(reply: Response): string | null {
  return reply.headers.get("x-sidestep-request-id");
}

/** Request ids of the calls whose server span came. */
function sentIds(collector: MetricsCollector): Set<unknown> {
  const spans = collector.sent.flatMap(spansIn);
  return new Set(spans.map((span) => said(span, "sidestep.request_id")));
}
