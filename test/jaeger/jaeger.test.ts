/** One call's tree in a real Jaeger, asked by its query API, whichever encoding it came in. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ask, startTraced, type Asked, type Traced } from "../support/traced.ts";
import { startJaeger, type Jaeger, type JaegerSpan, type JaegerTrace } from "./jaeger.ts";

let jaeger: Jaeger;
let running: Traced | null = null;

beforeAll(async () => {
  jaeger = await startJaeger();
});

afterAll(async () => {
  await jaeger?.close();
});

afterEach(async () => {
  await running?.close();
  running = null;
});

function policyOf(url: string): string {
  return `version: 1
model: support-v1
limits: { decision: 5s }
providers:
  openai: { url: ${url}/v1 }
  gone: { url: "http://127.0.0.1:9/v1", retries: 1 }
targets: [{ name: cheap, provider: openai, model: gpt-4o-mini }]
routes:
  - name: greeting
    when: { task: greeting, confidence: ">= 0.5" }
    answer: { template: "Hello!" }
  - name: easy
    when: { text: Nile }
    forward: { target: cheap }
    cache: { mode: exact, scope: global, ttl: 1h }
`;
}

async function traced(protocol: string): Promise<Traced> {
  const env = { OTEL_EXPORTER_OTLP_PROTOCOL: protocol };
  running = await startTraced({ policy: policyOf, to: jaeger.otlp, env });
  return running;
}

let calls = 0;

/** A traceparent of a trace of its own, so that Jaeger can be asked for it. */
function freshParent(): { traceId: string; parentId: string; traceparent: string } {
  calls += 1;
  const traceId = (Date.now() * 1000 + calls).toString(16).padStart(32, "a");
  const parentId = "00f067aa0ba902b7";
  return { traceId, parentId, traceparent: `00-${traceId}-${parentId}-01` };
}

async function treeOf({ sidecar }: Traced, call: Asked, spans: number) {
  const { traceId, traceparent } = freshParent();
  const reply = await ask(sidecar, { ...call, headers: { traceparent } });
  return { reply, tree: await jaeger.trace(traceId, spans) };
}

function spanOf({ spans }: JaegerTrace, name: string): JaegerSpan {
  const found = spans.find(({ operationName }) => operationName === name);
  if (found === undefined) throw new Error(`${name} is not in Jaeger's trace`);
  return found;
}

function tagOf(span: JaegerSpan, key: string): unknown {
  return span.tags.find((one) => one.key === key)?.value;
}

/** Each span below its parent, two blanks a level; spans of one parent in the order in which they began. */
function drawn({ spans }: JaegerTrace): string[] {
  const ids = new Set(spans.map(({ spanID }) => spanID));
  const parentOf = ({ references }: JaegerSpan): string | null =>
    references.find(({ refType, spanID }) => refType === "CHILD_OF" && ids.has(spanID))?.spanID ??
    null;
  const below = (parent: string | null, indent: string): string[] =>
    spans
      .filter((one) => parentOf(one) === parent)
      .toSorted((one, other) => one.startTime - other.startTime)
      .flatMap((one) => [`${indent}${one.operationName}`, ...below(one.spanID, `${indent}  `)]);
  return below(null, "");
}

describe.each(["http/protobuf", "http/json"])("Jaeger by %s", (protocol) => {
  it("shows a call to the cloud: decided, looked up, sent to its target", async () => {
    const here = await traced(protocol);
    const { reply, tree } = await treeOf(here, { text: "How long is the Nile?" }, 4);
    expect(drawn(tree)).toEqual([
      "POST /v1/chat/completions",
      "  sidestep.decide",
      "  sidestep.cache.lookup",
      "  chat gpt-4o-mini",
    ]);
    const [server, attempt] = [
      spanOf(tree, "POST /v1/chat/completions"),
      spanOf(tree, "chat gpt-4o-mini"),
    ];
    expect(Object.values(tree.processes).map(({ serviceName }) => serviceName)).toEqual([
      "sidestep",
    ]);
    expect(server.references.map(({ spanID }) => spanID)).toEqual(["00f067aa0ba902b7"]);
    expect(tagOf(server, "span.kind")).toBe("server");
    expect(tagOf(server, "sidestep.request_id")).toBe(reply.headers.get("x-sidestep-request-id"));
    expect(tagOf(server, "sidestep.route")).toBe("easy");
    expect(tagOf(attempt, "span.kind")).toBe("client");
    expect(tagOf(attempt, "gen_ai.usage.output_tokens")).toBe(7);
    expect(attempt.logs.map(({ fields }) => fields.map(({ value }) => value))).toEqual([
      ["sidestep.first_byte"],
    ]);
    const inside = (one: JaegerSpan): boolean =>
      one.startTime >= server.startTime &&
      one.startTime + one.duration <= server.startTime + server.duration + 1;
    expect(tree.spans.every(inside)).toBe(true);
  });

  it("shows an answer of the pod with the scores that it was given for", async () => {
    const { tree } = await treeOf(await traced(protocol), { text: "hello there" }, 3);
    expect(drawn(tree).toSorted()).toEqual([
      "  chat gpt-4o",
      "  sidestep.decide",
      "POST /v1/chat/completions",
    ]);
    expect(tagOf(spanOf(tree, "sidestep.decide"), "sidestep.signal.task")).toBe("greeting");
    expect(tagOf(spanOf(tree, "chat gpt-4o"), "gen_ai.provider.name")).toBe("sidestep");
  });

  it("shows a stored reply with a reference to the call that fetched it", async () => {
    const here = await traced(protocol);
    const first = await treeOf(here, { text: "How deep is the Nile?" }, 4);
    const { tree } = await treeOf(here, { text: "How deep is the Nile?" }, 3);
    const fetched = spanOf(first.tree, "chat gpt-4o-mini");
    expect(spanOf(tree, "POST /v1/chat/completions").references).toContainEqual({
      refType: "FOLLOWS_FROM",
      traceID: fetched.traceID,
      spanID: fetched.spanID,
    });
  });

  it("marks what failed, by its kind", async () => {
    const here = await traced(protocol);
    const { tree } = await treeOf(here, { text: "What does a reactor cost?", prefix: "/gone" }, 4);
    const failures = tree.spans.filter((one) => tagOf(one, "error") === true);
    expect(failures.map((one) => String(tagOf(one, "error.type"))).toSorted()).toEqual([
      "resent",
      "upstream_unreachable",
      "upstream_unreachable",
    ]);
  });
});

describe("Jaeger's search", () => {
  it("finds a call by the request id that its reply carries", async () => {
    const here = await traced("http/protobuf");
    const { reply, tree } = await treeOf(here, { text: "hello there" }, 3);
    const id = reply.headers.get("x-sidestep-request-id") ?? "";
    const found = await jaeger.tagged("sidestep.request_id", id);
    expect(found.map(({ traceID }) => traceID)).toEqual([tree.traceID]);
    expect(await jaeger.operations("sidestep")).toContain("sidestep.decide");
  });
});
