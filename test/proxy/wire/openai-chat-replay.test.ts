/** Stored Chat Completions replies in the other form: for every client the same as the live reply in that form. */
import { createOpenAI } from "@ai-sdk/openai";
import { ChatOpenAI } from "@langchain/openai";
import { dynamicTool, generateText, jsonSchema, streamText } from "ai";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../proxy/core/request.ts";
import { openAiChat } from "../../../proxy/wire/openai-chat.ts";
import { splitWhole } from "../../../proxy/wire/sse.ts";
import { fixture, kept, openAiView } from "./fixtures.ts";
import {
  collected,
  createReplyServer,
  type Call,
  type Outgoing,
  type ReplyServer,
} from "./reply-server.ts";

const names = ["openai-text", "openai-tools", "openai-refusal", "openai-two-logprobs"];
const model = "gpt-4o-mini";
const messages = [{ role: "user", content: "Where is my order?" }] as const;
const streamView = openAiView({ stream: true });
const usageView = openAiView({ stream: true, includeUsage: true });
const told = {
  prompt_tokens: 20,
  completion_tokens: 7,
  total_tokens: 27,
};

let server: ReplyServer;
let client: OpenAI;

beforeAll(async () => {
  server = await createReplyServer();
  client = new OpenAI({ apiKey: "key", baseURL: `${server.url}/v1`, maxRetries: 0 });
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

describe("a stored reply whose form fits", () => {
  it("keeps its very bytes and headers", () => {
    for (const name of names) {
      for (const [reply, view] of [
        [kept(`${name}.json`), openAiView()],
        [kept(`${name}.json`, { includesUsage: true }), openAiView()],
        [kept(`${name}.sse`), streamView],
        [kept(`${name}.sse`, { includesUsage: true }), usageView],
      ] as const) {
        const stored = openAiChat.transcode(reply, view);
        expect(stored?.body).toBe(reply.body);
        expect(stored).toEqual({ status: 200, headers: reply.headers, body: reply.body });
      }
    }
  });
});

describe.each(names)("%s replayed", (name) => {
  it("is the live completion for openai's create", async () => {
    const [first, second] = await both(name, () =>
      client.chat.completions.create({ model, messages: [...messages] }),
    );
    const plain = first.choices.map(({ message: { annotations, ...message }, ...choice }) => {
      expect(annotations).toEqual([]);
      return { ...choice, message };
    });
    expect(second.choices).toEqual(plain);
    expect({ ...second, choices: [], usage: 0 }).toEqual({ ...first, choices: [], usage: 0 });
    expect(second.usage?.total_tokens).toBeGreaterThan(5);
  });

  it("adds up as the live stream does in openai's stream helper", async () => {
    const [first, second] = await both(name, () =>
      client.chat.completions
        .stream({ model, messages: [...messages], n: 2 })
        .finalChatCompletion(),
    );
    expect(second).toEqual(first);
  });
});

describe("tool calls replayed", () => {
  it("are the live ones for the AI SDK, whole and streamed", async () => {
    const chat = createOpenAI({ apiKey: "key", baseURL: `${server.url}/v1` }).chat(model);
    const anything = dynamicTool({
      inputSchema: jsonSchema({ type: "object" }),
      execute: () => Promise.resolve("done"),
    });
    const tools = { lookup_order: anything, lookup_user: anything };
    const call = { model: chat, tools, prompt: "Where?", maxRetries: 0 };
    const [first, second] = await both(
      "openai-tools",
      async () => (await generateText(call)).toolCalls,
    );
    expect(first).toHaveLength(2);
    expect(second).toEqual(first);
    const [third, fourth] = await both("openai-tools", () =>
      Promise.resolve(streamText(call).toolCalls),
    );
    expect(third).toHaveLength(2);
    expect(fourth).toEqual(third);
  });

  it("are the live ones for LangChain, whole and streamed", async () => {
    const configuration = { baseURL: `${server.url}/v1` };
    const chat = new ChatOpenAI({ model, apiKey: "key", maxRetries: 0, configuration });
    const [first, second] = await both(
      "openai-tools",
      async () => (await chat.invoke("Where?")).tool_calls,
    );
    expect(first).toHaveLength(2);
    expect(second).toEqual(first);
    const [third, fourth] = await both("openai-tools", async () => {
      const pieces = await collected(await chat.stream("Where?"));
      return pieces.reduce((sum, piece) => sum.concat(piece)).tool_calls;
    });
    expect(third).toHaveLength(2);
    expect(fourth).toEqual(third);
  });

  it("keep the spelling of their arguments", () => {
    const stored = openAiChat.transcode(kept("openai-tools.sse"), openAiView());
    expect(stored?.body.toString()).toContain(
      String.raw`"{\"order\": 9007199254740993, \"total\": 1.0}"`,
    );
  });
});

describe("usage in a replayed stream", () => {
  it("is told as it was in the stored JSON, last, null before", () => {
    const stored = openAiChat.transcode(kept("openai-text.json"), usageView);
    const chunks = splitWhole(stored?.body ?? Buffer.alloc(0))
      .slice(0, -1)
      .map((event) => object(event.data));
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: told });
    expect(chunks.slice(0, -1).every((chunk) => chunk["usage"] === null)).toBe(true);
    expect(chunks.length).toBeGreaterThan(8);
  });

  it("is taken out for a caller that did not ask for it, who then reads a choice in every chunk", async () => {
    const reply = kept("openai-text-usage.sse", { includesUsage: true });
    server.answer(({ codec, view }) => codec.transcode(reply, view) ?? expect.fail("no replay"));
    const stream = await client.chat.completions.create({
      model,
      messages: [...messages],
      stream: true,
    });
    const chunks = await collected(stream);
    expect(chunks.every((chunk) => chunk.choices.length === 1 && !("usage" in chunk))).toBe(true);
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
    expect(fixture("openai-text.json").toString()).toContain(text);
  });

  it("is added as an estimate where the stored stream has none, all else unchanged", async () => {
    server.answer(
      ({ codec, view }) =>
        codec.transcode(kept("openai-text.sse"), view) ?? expect.fail("no replay"),
    );
    const stream = await client.chat.completions.create({
      model,
      messages: [...messages],
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await collected(stream);
    const usage = chunks.at(-1)?.usage;
    expect([chunks.at(-1)?.choices, usage?.prompt_tokens]).toEqual([[], 12]);
    expect(usage?.total_tokens).toBe(12 + (usage?.completion_tokens ?? 0));
    const before = splitWhole(fixture("openai-text.sse"))
      .slice(0, -1)
      .map((event) => object(event.data));
    expect(chunks.slice(0, -1)).toEqual(before.map((chunk) => ({ ...chunk, usage: null })));
  });

  it("is the stream's own in JSON", () => {
    const stored = openAiChat.transcode(
      kept("openai-text-usage.sse", { includesUsage: true }),
      openAiView(),
    );
    expect(object(stored?.body.toString() ?? "")["usage"]).toMatchObject(told);
  });

  it("may stand in the last chunk with a choice, as some providers send it", () => {
    const choice = { index: 0, delta: { content: "x" }, finish_reason: "stop" };
    const reply = kept("openai-text.sse", {
      includesUsage: true,
      body: Buffer.from(
        `data: ${JSON.stringify({ choices: [choice], usage: told })}\n\ndata: [DONE]\n\n`,
      ),
    });
    const stored = openAiChat.transcode(reply, streamView);
    expect(stored?.body.toString()).toBe(
      `data: ${JSON.stringify({ choices: [choice] })}\n\ndata: [DONE]\n\n`,
    );
  });
});

describe("headers of another form", () => {
  it("say its type, and no more what spoke of the stored bytes", () => {
    const headers = [
      "Content-Type",
      "application/json",
      "ETag",
      "x",
      "content-length",
      "9",
      "X-Kept",
      "1",
    ];
    expect(
      openAiChat.transcode(kept("openai-text.json", { headers }), streamView)?.headers,
    ).toEqual(["content-type", "text/event-stream", "X-Kept", "1"]);
    expect(openAiChat.transcode(kept("openai-text.sse"), openAiView())?.headers).toEqual([
      "content-type",
      "application/json",
    ]);
  });
});
