/** Content in spans: none unless the environment asks for it, and then masked and cut; and the older names, where it asks for those. */
import { gzipSync } from "node:zlib";
import * as v from "valibot";
import { afterEach, describe, expect, it } from "vitest";
import { breach, deprecated } from "../support/conventions.ts";
import { said, type SeenSpan } from "../support/otlp-traces.ts";
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

const captured = { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: "SPAN_ONLY" };
const secrets = "I am ada@example.com, card 4111 1111 1111 1111";
const told = "Ada, call +44 20 7946 0958";

let running: Traced | null = null;

afterEach(async () => {
  await running?.close();
  running = null;
});

async function traced(env: Environment): Promise<Traced> {
  const policy = (url: string): string => `version: 1
providers: { openai: { url: ${url}/v1 } }
cache: { mode: exact, scope: global, ttl: 1h }
routes:
  - { name: ping, when: { text: "^ping" }, answer: { template: "pong to bob@example.com" } }
`;
  running = await startTraced({ policy, env });
  running.cloud.play(saying(told));
  return running;
}

const part = v.strictObject({ type: v.literal("text"), content: v.string() });
const messages = v.pipe(
  v.string(),
  v.parseJson(),
  v.array(
    v.strictObject({
      role: v.picklist(["user", "assistant"]),
      parts: v.tuple([part]),
      finish_reason: v.optional(v.string()),
    }),
  ),
);

/** Texts of an attribute that holds messages. */
function textsOf(span: SeenSpan, key: string): string[] {
  return v.parse(messages, said(span, key)).map(({ parts: [one] }) => one.content);
}

describe("content", () => {
  it("is in no span unless it is asked for", async () => {
    const { sidecar, collector } = await traced({});
    for (const text of [secrets, "ping"]) {
      const tree = await treeOf(collector, await ask(sidecar, { text, system: "Be kind." }));
      const whole = JSON.stringify(tree);
      for (const one of ["card", "Be kind", "Ada", "pong"]) expect(whole).not.toContain(one);
    }
  });

  it("is masked and stands on the span of the model's call, and the conventions know its names", async () => {
    const { sidecar, collector } = await traced(captured);
    const reply = await ask(sidecar, { text: secrets, system: "Help ada@example.com." });
    const tree = await treeOf(collector, reply);
    const attempt = spanIn(tree, "chat gpt-4o");
    expect(textsOf(attempt, "gen_ai.input.messages")).toEqual(["I am [email], card [card]"]);
    expect(textsOf(attempt, "gen_ai.output.messages")).toEqual(["Ada, call [phone]"]);
    expect(said(attempt, "gen_ai.system_instructions")).toContain("Help [email].");
    const breaches = tree.flatMap(({ attributes }) =>
      attributes.flatMap(({ key, type }) => breach(key, type) ?? []),
    );
    expect(breaches).toEqual([]);
    expect(JSON.stringify(tree)).not.toContain("4111");
  });

  it("of an answer of the pod, and of a reply that is compressed", async () => {
    const { sidecar, collector, cloud } = await traced(captured);
    const local = await treeOf(collector, await ask(sidecar, { text: "ping" }));
    const answer = spanIn(local, "chat gpt-4o");
    expect(textsOf(answer, "gen_ai.output.messages")).toEqual(["pong to [email]"]);
    const plain = saying(told);
    const headers = [...plain.headers, "content-encoding", "gzip"];
    cloud.play({ headers, body: gzipSync(plain.body) });
    const forwarded = await treeOf(collector, await ask(sidecar, { text: "why?" }));
    const attempt = spanIn(forwarded, "chat gpt-4o");
    expect(textsOf(attempt, "gen_ai.output.messages")).toEqual(["Ada, call [phone]"]);
  });

  it("of a stream, whose prompt nothing else holds once it has begun", async () => {
    const { sidecar, collector, cloud } = await traced(captured);
    const chunk = { id: "c", object: "chat.completion.chunk", created: 1, model: "gpt-4o" };
    const deltas = [
      { delta: { role: "assistant", content: "Ada, call " }, finish_reason: null },
      { delta: { content: "+44 20 7946 0958" }, finish_reason: null },
      { delta: {}, finish_reason: "stop" },
    ].map((one) => JSON.stringify({ ...chunk, choices: [{ index: 0, ...one }] }));
    const body = [...deltas, "[DONE]"].map((data) => `data: ${data}\n\n`);
    cloud.play({ headers: ["content-type", "text/event-stream"], framing: "chunked", body });
    const reply = await ask(sidecar, { text: secrets, stream: true });
    const attempt = spanIn(await treeOf(collector, reply), "chat gpt-4o");
    expect(textsOf(attempt, "gen_ai.input.messages")).toEqual(["I am [email], card [card]"]);
    expect(textsOf(attempt, "gen_ai.output.messages")).toEqual(["Ada, call [phone]"]);
    expect(said(attempt, "gen_ai.output.messages")).toContain('"finish_reason":"stop"');
  });

  it("is cut, to the last turns and to a bound each", async () => {
    const { sidecar, collector } = await traced(captured);
    const reply = await ask(sidecar, { text: "why ".repeat(1000) });
    const [text = ""] = textsOf(
      spanIn(await treeOf(collector, reply), "chat gpt-4o"),
      "gen_ai.input.messages",
    );
    expect(text).toHaveLength(501);
    expect(text.endsWith("…")).toBe(true);
  });

  it("that cannot be read, or never came, costs no span", async () => {
    const { sidecar, collector, cloud } = await traced(captured);
    const replies = [
      { status: 500, body: "broken" },
      { headers: ["content-type", "text/plain"], body: "not JSON" },
      { headers: saying("").headers, body: JSON.stringify({ text: "x".repeat(1_100_000) }) },
    ] as const;
    for (const one of replies) {
      cloud.play(one);
      const reply = await ask(sidecar, { text: `why ${replies.indexOf(one)}?` });
      const attempt = spanIn(await treeOf(collector, reply), "chat gpt-4o");
      expect(textsOf(attempt, "gen_ai.input.messages")).toHaveLength(1);
      expect(said(attempt, "gen_ai.output.messages")).toBeUndefined();
    }
    cloud.play({ ...saying("half"), fault: { phase: "mid-body", kind: "reset" } });
    await expect(ask(sidecar, { text: "why not?" })).rejects.toThrow();
    const isCut = (span: SeenSpan): boolean => said(span, "error.type") === "cut";
    const spans = (await spansWith(collector, isCut)).filter(isCut);
    expect(new Set(spans.map(({ kind }) => kind))).toEqual(new Set([2, 3]));
  });
});

describe("older names", () => {
  it.each([
    ["gen_ai/1.36", [undefined, "openai"]],
    ["gen_ai/dup", ["openai", "openai"]],
    ["", ["openai", undefined]],
  ])("by OTEL_SEMCONV_STABILITY_OPT_IN=%s", async (word, expected) => {
    const { sidecar, collector } = await traced({ OTEL_SEMCONV_STABILITY_OPT_IN: word });
    const tree = await treeOf(collector, await ask(sidecar, { text: "why?" }));
    const attempt = spanIn(tree, "chat gpt-4o");
    const names = ["gen_ai.provider.name", "gen_ai.system"];
    expect(names.map((name) => said(attempt, name))).toEqual(expected);
    const unknown = attempt.attributes.filter(
      ({ key, type }) => deprecated[key] !== type && breach(key, type) !== null,
    );
    expect(unknown).toEqual([]);
    const local = spanIn(
      await treeOf(collector, await ask(sidecar, { text: "ping" })),
      "chat gpt-4o",
    );
    expect(names.map((name) => said(local, name) !== undefined)).toEqual(
      expected.map((one) => one !== undefined),
    );
  });
});
