/** Parts of stored Chat Completions replies beyond the usual: kept in the other form, or not served at all. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../proxy/core/request.ts";
import type { KeptReply } from "../../../proxy/wire/codec.ts";
import { openAiChat } from "../../../proxy/wire/openai-chat.ts";
import { splitWhole } from "../../../proxy/wire/sse.ts";
import { kept, openAiView } from "./fixtures.ts";

const streamView = openAiView({ stream: true });
const usageView = openAiView({ stream: true, includeUsage: true });

function object(text: string): JsonObject {
  return JSON.parse(text);
}

/** Transcodes a JSON body and parses what comes out. */
function streamed(body: JsonObject, view = streamView): JsonObject[] | null {
  const reply: KeptReply = { ...kept("openai-text.json"), body: Buffer.from(JSON.stringify(body)) };
  const stored = openAiChat.transcode(reply, view);
  if (stored === null) return null;
  const events = splitWhole(stored.body);
  expect(events.at(-1)?.data).toBe("[DONE]");
  return events.slice(0, -1).map((event) => object(event.data));
}

/** Transcodes chunks to JSON. */
function folded(chunks: readonly (JsonObject | string)[], view = openAiView()): JsonObject | null {
  const frames = chunks.map((chunk) => (typeof chunk === "string" ? chunk : JSON.stringify(chunk)));
  const body = Buffer.from([...frames, "[DONE]"].map((data) => `data: ${data}\n\n`).join(""));
  const stored = openAiChat.transcode({ ...kept("openai-text.sse"), body }, view);
  return stored === null ? null : object(stored.body.toString());
}

describe("parts beyond the usual", () => {
  const base = { id: "c", object: "chat.completion", created: 1, model: "m" };
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  const completion = (message: JsonObject, more: JsonObject = {}): JsonObject => ({
    ...base,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: null, refusal: null, ...message },
        logprobs: null,
        finish_reason: "stop",
        ...more,
      },
    ],
    usage,
  });

  it.each<[string, JsonObject]>([
    ["reasoning", completion({ content: "x", reasoning_content: "because — 明日" })],
    ["annotations", completion({ content: "x", annotations: [{ type: "url_citation" }] })],
    ["a legacy function call", completion({ function_call: { name: "f", arguments: '{"a":1}' } })],
    [
      "a custom tool's call",
      completion({
        tool_calls: [{ id: "c1", type: "custom", custom: { name: "c", input: "x y" } }],
      }),
    ],
    [
      "a tool call of an unknown kind",
      completion({ tool_calls: [{ id: "c1", type: "odd", odd: { a: 1 } }] }),
    ],
    [
      "what a vendor adds to a call",
      completion({
        tool_calls: [
          {
            id: "c1",
            type: "function",
            function: { name: "f", arguments: "{}", x: 1 },
            extra: { sig: "s" },
          },
        ],
      }),
    ],
    [
      "text before a tool call",
      completion({
        content: "Let me see.",
        tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" } }],
      }),
    ],
    [
      "what Azure adds",
      {
        ...completion({ content: "x" }, { content_filter_results: { hate: { filtered: false } } }),
        prompt_filter_results: [{ prompt_index: 0 }],
      },
    ],
    ["numbers as written", completion({ content: "x" }, { score: 1e-7 })],
  ])("survive both ways: %s", (_what, body) => {
    const chunks = streamed(body);
    expect(chunks?.length).toBeGreaterThan(1);
    expect(folded(chunks ?? [])).toEqual({ ...body, usage: expect.any(Object) });
  });

  it.each<[string, Json]>([
    ["audio", completion({ audio: { id: "a", data: "x" } })],
    ["content that is no text", completion({ content: [{ type: "text", text: "x" }] })],
    ["probabilities of nothing", completion({}, { logprobs: { content: [] } })],
    ["no choices", { ...base, choices: [] }],
    ["choices that are none", { ...base, choices: ["x"] }],
    ["a choice without a message", { ...base, choices: [{ index: 0, text: "x" }] }],
    ["no completion", { error: {} }],
    ["no object", []],
  ])("cannot be streamed: %s", (_what, body) => {
    const reply = kept("openai-text.json", { body: Buffer.from(JSON.stringify(body)) });
    expect(openAiChat.transcode(reply, streamView)).toBeNull();
  });

  const chunk = (choice: JsonObject): JsonObject => ({
    ...base,
    choices: [{ index: 0, finish_reason: "stop", ...choice }],
  });
  it.each<[string, (JsonObject | string)[]]>([
    ["audio", [chunk({ delta: { audio: { data: "x" } } })]],
    ["what never finished", [chunk({ delta: { content: "x" }, finish_reason: null })]],
    ["choices with a gap", [chunk({ delta: {}, index: 1 })]],
    ["a choice without a number", [{ ...base, choices: [{ delta: {}, finish_reason: "stop" }] }]],
    [
      "calls with a gap",
      [chunk({ delta: { tool_calls: [{ index: 1, id: "c1", function: { arguments: "" } }] } })],
    ],
    ["no chunks", []],
    ["no choices", [{ ...base, choices: [] }]],
    ["an error", [chunk({ delta: {} }), { error: { message: "no" }, choices: [] }]],
    ["a frame of another kind", [chunk({ delta: {} }), { object: "odd" }]],
    ["a frame that is no JSON", [chunk({ delta: {} }), "<html>"]],
  ])("cannot be put together: %s", (_what, chunks) => {
    expect(folded(chunks)).toBeNull();
  });

  it("cannot be put together without [DONE], nor changed in its usage", () => {
    const frames = [chunk({ delta: { content: "x" } }), { ...base, choices: [] }];
    const body = Buffer.from(frames.map((data) => `data: ${JSON.stringify(data)}\n\n`).join(""));
    expect(folded(frames)).not.toBeNull();
    const reply = kept("openai-text.sse", { body });
    expect(openAiChat.transcode(reply, openAiView())).toBeNull();
    expect(openAiChat.transcode(reply, usageView)).toBeNull();
  });

  it("are served or not, but never a fault, however deep they nest", () => {
    const asked = (depth: number): boolean => {
      const deep = `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
      const body = JSON.stringify(completion({ content: "x" })).replace("{", `{"x":${deep},`);
      const reply = kept("openai-text.json", { body: Buffer.from(body) });
      return openAiChat.transcode(reply, streamView) !== null;
    };
    const depths = Array.from({ length: 60 }, (_, step) => step * 100);
    expect(depths.map(asked)).toContain(false);
    expect(asked(200)).toBe(true);
    expect(asked(60_000)).toBe(false);
  });

  it("take the head from the first chunk that has one, as Azure's first has not", () => {
    const azure = {
      id: "",
      object: "",
      created: 0,
      model: "",
      choices: [],
      prompt_filter_results: [{ a: 1 }],
    };
    const whole = folded([azure, chunk({ delta: { role: "assistant", content: "x" } })]);
    expect(whole).toMatchObject({
      ...base,
      prompt_filter_results: [{ a: 1 }],
      choices: [{ message: { content: "x" } }],
    });
  });

  it("are the same after both ways, whatever a reply says", () => {
    const text = fc.option(fc.string({ unit: "grapheme", minLength: 1 }), { nil: null });
    const call = fc.record({
      id: fc.stringMatching(/^call_\w{1,5}$/),
      name: fc.stringMatching(/^\w{1,9}$/),
      said: fc.string({ unit: "grapheme" }),
    });
    fc.assert(
      fc.property(text, text, fc.array(call, { maxLength: 3 }), (content, refusal, calls) => {
        const tool_calls = calls.map(({ id, name, said }) => ({
          id,
          type: "function",
          function: { name, arguments: said },
        }));
        const body = completion({ content, refusal, ...(calls.length > 0 ? { tool_calls } : {}) });
        expect(folded(streamed(body) ?? [])).toEqual({ ...body, usage: expect.any(Object) });
        expect(folded(streamed(body, usageView) ?? [])).toEqual(body);
      }),
    );
  });
});
