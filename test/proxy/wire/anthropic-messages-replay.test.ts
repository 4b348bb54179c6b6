/** Stored Messages replies in the other form: for every client the same as the live reply in that form, or not served at all. */
import { createAnthropic } from "@ai-sdk/anthropic";
import Anthropic from "@anthropic-ai/sdk";
import { dynamicTool, generateText, jsonSchema, streamText } from "ai";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../proxy/core/request.ts";
import { anthropicMessages } from "../../../proxy/wire/anthropic-messages.ts";
import { splitWhole } from "../../../proxy/wire/sse.ts";
import { anthropicView, fixture, kept } from "./fixtures.ts";
import {
  collected,
  createReplyServer,
  type Call,
  type Outgoing,
  type ReplyServer,
} from "./reply-server.ts";

const names = ["anthropic-text", "anthropic-rich"];
const params = {
  model: "claude-haiku-4-5",
  max_tokens: 100,
  messages: [{ role: "user", content: "Where is my order?" }],
} satisfies Anthropic.MessageCreateParamsNonStreaming;
const jsonView = anthropicView();
const streamView = anthropicView({ stream: true });

let server: ReplyServer;
let client: Anthropic;

beforeAll(async () => {
  server = await createReplyServer();
  client = new Anthropic({ apiKey: "key", baseURL: server.url, maxRetries: 0 });
});
afterAll(() => server.close());

/** Live: the fixture in the form that the call asks for. Replayed: the other form, transcoded. */
function live(name: string): (call: Call) => Outgoing {
  return ({ view }) => kept(view.stream ? `${name}.sse` : `${name}.json`);
}

function replayed(name: string): (call: Call) => Outgoing {
  return ({ codec, view }) => {
    const stored = codec.transcode(kept(view.stream ? `${name}.json` : `${name}.sse`), view);
    if (stored === null) throw new Error("no replay");
    return stored;
  };
}

async function both<T>(name: string, ask: () => Promise<T>): Promise<[T, T]> {
  server.answer(live(name), 7);
  const first = await ask();
  server.answer(replayed(name), 7);
  return [first, await ask()];
}

function object(text: string): JsonObject {
  return JSON.parse(text);
}

/** The events of a JSON body's replay. */
function streamed(body: Buffer): JsonObject[] | null {
  const stored = anthropicMessages.transcode(kept("anthropic-text.json", { body }), streamView);
  return stored === null ? null : splitWhole(stored.body).map((event) => object(event.data));
}

/** The JSON replay of events. */
function folded(events: readonly (JsonObject | string)[]): JsonObject | null {
  const frames = events.map((event) => (typeof event === "string" ? event : JSON.stringify(event)));
  const body = Buffer.from(frames.map((data) => `data: ${data}\n\n`).join(""));
  const stored = anthropicMessages.transcode(kept("anthropic-text.sse", { body }), jsonView);
  return stored === null ? null : object(stored.body.toString());
}

function starts(events: readonly JsonObject[]): readonly JsonObject[] {
  return events.filter((event) => event["type"] === "content_block_start");
}

/** A piece of a tool's input. */
function input(partial_json: string): JsonObject {
  return {
    type: "content_block_delta",
    index: 0,
    delta: { type: "input_json_delta", partial_json },
  };
}

describe("a stored reply whose form fits", () => {
  it("keeps its very bytes and headers", () => {
    for (const name of names) {
      for (const [reply, view] of [
        [kept(`${name}.json`), jsonView],
        [kept(`${name}.sse`), streamView],
        [kept(`${name}.sse`, { includesUsage: true }), streamView],
      ] as const) {
        const stored = anthropicMessages.transcode(reply, view);
        expect(stored?.body).toBe(reply.body);
        expect(stored).toEqual({ status: 200, headers: reply.headers, body: reply.body });
      }
    }
  });
});

describe.each(names)("%s replayed", (name) => {
  it("is the live message for the SDK's create", async () => {
    const [first, second] = await both(name, () => client.messages.create(params));
    expect(second).toEqual(first);
  });

  it("adds up as the live stream does in the SDK's stream helper", async () => {
    const [first, second] = await both(name, () => client.messages.stream(params).finalMessage());
    expect(first.content.length).toBeGreaterThan(0);
    expect(second).toEqual(first);
  });

  it("ends every block before the next and the message last, for the SDK's raw iterator", async () => {
    server.answer(replayed(name), 7);
    const events = await collected(await client.messages.create({ ...params, stream: true }));
    const open: number[] = [];
    for (const event of events) {
      if (event.type === "content_block_start") open.push(event.index);
      if (event.type === "content_block_delta") expect(open).toEqual([event.index]);
      if (event.type === "content_block_stop") expect(open.splice(0)).toEqual([event.index]);
    }
    const kinds = events.map((event) => event.type);
    expect(kinds[0]).toBe("message_start");
    expect(kinds.slice(-2)).toEqual(["message_delta", "message_stop"]);
  });

  it("is the live one for the AI SDK, whole and streamed", async () => {
    const chat = createAnthropic({ apiKey: "key", baseURL: server.url })(params.model);
    const anything = dynamicTool({
      inputSchema: jsonSchema({ type: "object" }),
      execute: () => Promise.resolve("done"),
    });
    const tools = { lookup_order: anything, ping: anything };
    const call = { model: chat, tools, prompt: "Where?", maxRetries: 0 };
    const whole = await both(name, async () => {
      const { content, finishReason, usage } = await generateText(call);
      return { content: withoutIds(content), finishReason, usage: { ...usage, raw: 0 } };
    });
    expect(whole[1]).toEqual(whole[0]);
    const stream = await both(name, async () => {
      const result = streamText(call);
      const [content, finishReason, usage] = [result.content, result.finishReason, result.usage];
      return {
        content: withoutIds(await content),
        end: await finishReason,
        out: (await usage).outputTokens,
      };
    });
    expect(stream[0].content.length).toBeGreaterThan(0);
    expect(stream[1]).toEqual(stream[0]);
  });
});

/** The AI SDK gives sources ids of its own making. */
function withoutIds(content: readonly object[]): readonly object[] {
  return content.map((part) =>
    "type" in part && part.type === "source" ? { ...part, id: "" } : part,
  );
}

describe("a replayed stream", () => {
  it("keeps the numbers of tool inputs as the provider wrote them, both ways", () => {
    const frames = streamed(fixture("anthropic-exact.json")) ?? [];
    const said = frames.map((frame) => JSON.stringify(frame)).join("\n");
    expect(said).toContain(String.raw`\"order\":9007199254740993,\"total\":1.0`);
    const body = Buffer.from(frames.map((frame) => `data: ${JSON.stringify(frame)}\n\n`).join(""));
    const back = anthropicMessages.transcode(kept("anthropic-rich.sse", { body }), jsonView);
    expect(back?.body.toString()).toContain('"order":9007199254740993,"total":1.0');
  });

  it("opens every block as the provider does", () => {
    const own = splitWhole(fixture("anthropic-rich.sse")).map((event) => object(event.data));
    expect(starts(streamed(fixture("anthropic-rich.json")) ?? [])).toEqual(starts(own));
    expect(starts(own)).toHaveLength(7);
  });

  it("tells input counts at its start and the output count at its end, and nothing twice", () => {
    const events = streamed(fixture("anthropic-text.json")) ?? [];
    expect(events[0]).toMatchObject({
      message: { usage: { input_tokens: 3, cache_read_input_tokens: 5, output_tokens: 1 } },
    });
    expect(events.at(-2)).toMatchObject({ usage: { output_tokens: 17 } });
  });

  it("says its type, and no more what spoke of the stored bytes", () => {
    const headers = ["Content-Type", "application/json", "etag", "x", "X-Kept", "1"];
    const stored = anthropicMessages.transcode(
      kept("anthropic-text.json", { headers }),
      streamView,
    );
    expect(stored?.headers).toEqual(["content-type", "text/event-stream", "X-Kept", "1"]);
    const whole = anthropicMessages.transcode(kept("anthropic-text.sse"), jsonView);
    expect(whole?.headers).toEqual(["content-type", "application/json"]);
  });
});

describe("parts beyond the usual", () => {
  const usage = { input_tokens: 1, output_tokens: 2 };
  const message = (content: readonly Json[], more: JsonObject = {}): JsonObject => ({
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "m",
    content,
    stop_reason: "end_turn",
    stop_sequence: null,
    usage,
    ...more,
  });
  const cited = { type: "text", text: "x", citations: [{ type: "page_location", n: 1 }, { n: 2 }] };

  it.each<[string, JsonObject]>([
    ["nothing said", message([])],
    ["an empty text", message([{ type: "text", text: "" }])],
    ["citations", message([cited])],
    ["no citations, said so", message([{ type: "text", text: "x", citations: null }])],
    ["a stop sequence", message([], { stop_reason: "stop_sequence", stop_sequence: "END" })],
    [
      "stop details and a container",
      message([], { stop_details: { type: "refusal", category: null }, container: { id: "c" } }),
    ],
    ["context management", message([], { context_management: { applied_edits: [] } })],
    ["a block of an unknown kind", message([{ type: "odd", deep: [{ a: 1 }] }])],
    [
      "an MCP tool's call, whole",
      message([{ type: "mcp_tool_use", id: "m", name: "n", input: { a: 1 } }]),
    ],
    ["a tool without an input", message([{ type: "tool_use", id: "t", name: "n", input: {} }])],
    ["thinking without a signature", message([{ type: "thinking", thinking: "x", signature: "" }])],
  ])("survive both ways: %s", (_what, body) => {
    const events = streamed(Buffer.from(JSON.stringify(body)));
    expect(folded(events ?? [])).toEqual(body);
  });

  it.each<[string, Json]>([
    ["an error", { type: "error", error: {} }],
    ["no content", { type: "message" }],
    ["content that is no block", message(["x"])],
    ["no object", []],
  ])("cannot be streamed: %s", (_what, body) => {
    expect(streamed(Buffer.from(JSON.stringify(body)))).toBeNull();
  });

  it("cannot be streamed when broken off", () => {
    expect(streamed(fixture("anthropic-text.json").subarray(0, -4))).toBeNull();
  });

  it("are served or not, but never a fault, however deep they nest", () => {
    const asked = (depth: number): boolean => {
      const deep = `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
      const tool = { type: "tool_use", id: "t", name: "n", input: {} };
      const body = JSON.stringify(message([tool])).replace('"input":{}', `"input":${deep}`);
      return folded(streamed(Buffer.from(body)) ?? []) !== null;
    };
    const depths = Array.from({ length: 60 }, (_, step) => step * 100);
    expect(depths.map(asked)).toContain(false);
    expect(asked(200)).toBe(true);
    expect(asked(60_000)).toBe(false);
  });

  const start = { type: "message_start", message: message([], { stop_reason: null }) };
  const block = {
    type: "content_block_start",
    index: 0,
    content_block: { type: "text", text: "" },
  };
  const end = [
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: 2, input_tokens: null },
    },
    { type: "message_stop" },
  ];

  it("are put together from the least that a stream may be", () => {
    expect(folded([start, block, ...end])).toEqual(message([{ type: "text", text: "" }]));
    expect(
      folded([
        start,
        { type: "message_delta", delta: { stop_reason: "end_turn" } },
        { type: "message_stop" },
      ]),
    ).toEqual(message([]));
  });

  it.each<[string, (JsonObject | string)[]]>([
    ["nothing", []],
    ["no end", [start, block, ...end.slice(0, -1)]],
    ["no start", [block, ...end]],
    ["an end alone", [{ type: "message_stop" }]],
    ["two starts", [start, start, ...end]],
    ["a start without a message", [{ type: "message_start" }, ...end]],
    ["an error", [start, { type: "error", error: {} }, ...end]],
    ["an event of an unknown kind", [start, { type: "odd" }, ...end]],
    ["an event without a kind", [start, {}, ...end]],
    ["a frame that is no JSON", [start, "<html>", ...end]],
    ["a block out of order", [start, { ...block, index: 1 }, ...end]],
    ["a block that is none", [start, { ...block, content_block: "x" }, ...end]],
    ["a delta without a block", [start, input("{}"), ...end]],
    [
      "a delta of an unknown kind",
      [start, block, { type: "content_block_delta", index: 0, delta: { type: "odd" } }, ...end],
    ],
    ["a tool's input that is no JSON", [start, block, input('{"a":'), ...end]],
    ["an end without its delta", [start, { type: "message_delta" }, { type: "message_stop" }]],
  ])("cannot be put together: %s", (_what, events) => {
    expect(folded(events)).toBeNull();
  });

  it("cannot be put together from any part of a stream", () => {
    const whole = fixture("anthropic-rich.sse");
    for (let length = 0; length < whole.length - 2; length += 1) {
      const reply = kept("anthropic-rich.sse", { body: whole.subarray(0, length) });
      expect(anthropicMessages.transcode(reply, jsonView)).toBeNull();
    }
  });

  it("are the same after both ways, whatever a reply says", () => {
    const text = fc.string({ unit: "grapheme" });
    const json = fc.dictionary(text, fc.jsonValue(), { noNullPrototype: true });
    const any = fc.oneof(
      fc.record({ type: fc.constant("text"), text }),
      fc.record({ type: fc.constant("thinking"), thinking: text, signature: text }),
      fc.record({ type: fc.constant("tool_use"), id: text, name: text, input: json }),
    );
    fc.assert(
      fc.property(fc.array(any, { maxLength: 4 }), (content) => {
        const body = object(JSON.stringify({ ...message([]), content }));
        expect(folded(streamed(Buffer.from(JSON.stringify(body))) ?? [])).toEqual(body);
      }),
    );
  });
});
