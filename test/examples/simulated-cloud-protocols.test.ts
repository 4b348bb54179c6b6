/** The simulated cloud speaks its protocols as the official clients expect them. */

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import type { SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";

let cloud: SimulatedCloud;
let openai: OpenAI;
let anthropic: Anthropic;

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 0, tokensPerSecond: 0, seed: 7 });
  openai = new OpenAI({ baseURL: `${cloud.url}/v1`, apiKey: "sk-test", maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: cloud.url, apiKey: "sk-test", maxRetries: 0 });
});
afterAll(() => cloud.close());

const parameters = {
  type: "object",
  properties: { order_id: { type: "string" }, days: { type: "integer" } },
  required: ["order_id"],
};
const orderTool = {
  type: "function",
  function: { name: "look_up_order", parameters },
} as const;

describe("OpenAI Chat Completions", () => {
  const ask = {
    model: "gpt-4o-mini",
    messages: [{ role: "user", content: "Explain rain." }],
  } as const;

  test("answers in the full form, the same words for the same question", async () => {
    const first = await openai.chat.completions.create({ ...ask, messages: [...ask.messages] });
    const second = await openai.chat.completions.create({ ...ask, messages: [...ask.messages] });
    expect(first.id).toMatch(/^chatcmpl-\w+$/u);
    expect(first.id).not.toBe(second.id);
    expect(first.choices[0]?.message).toEqual(second.choices[0]?.message);
    expect(first.choices[0]?.finish_reason).toBe("stop");
    expect(first.usage?.total_tokens).toBe(
      (first.usage?.prompt_tokens ?? 0) + (first.usage?.completion_tokens ?? 0),
    );
    expect(first).toHaveProperty("_request_id", expect.stringMatching(/^req_/u));
  });

  test("streams the same words, usage only when asked", async () => {
    const whole = await openai.chat.completions.create({ ...ask, messages: [...ask.messages] });
    const plain = await openai.chat.completions.create({
      ...ask,
      messages: [...ask.messages],
      stream: true,
    });
    let text = "";
    for await (const chunk of plain) {
      expect(chunk.choices).toHaveLength(1);
      expect(chunk).not.toHaveProperty("usage");
      text += chunk.choices[0]?.delta.content ?? "";
    }
    expect(text).toBe(whole.choices[0]?.message.content);
    const counted = await openai.chat.completions.create({
      ...ask,
      messages: [...ask.messages],
      stream: true,
      stream_options: { include_usage: true },
    });
    const usages = [];
    for await (const chunk of counted) usages.push(chunk.usage);
    expect(usages.slice(0, -1).every((usage) => usage === null)).toBe(true);
    expect(usages.at(-1)).toEqual(whole.usage);
  });

  const asked = { role: "user", content: "Where is order #W1234567?" } as const;
  const toolCall = { model: "gpt-4o", tools: [orderTool], messages: [asked] };
  const order = '{"order_id":"#W1234567","days":1}';

  test("calls a tool that is offered, whole and streamed", async () => {
    const whole = await openai.chat.completions.create(toolCall);
    const streamed = await openai.chat.completions.stream(toolCall).finalChatCompletion();
    for (const { choices } of [whole, streamed]) {
      expect(choices[0]).toMatchObject({
        finish_reason: "tool_calls",
        message: { tool_calls: [{ function: { name: "look_up_order", arguments: order } }] },
      });
    }
  });

  test("speaks after a tool's result", async () => {
    const made = { name: "look_up_order", arguments: order };
    const after = await openai.chat.completions.create({
      ...toolCall,
      messages: [
        asked,
        { role: "assistant", tool_calls: [{ id: "call_1", type: "function", function: made }] },
        { role: "tool", tool_call_id: "call_1", content: "shipped" },
      ],
    });
    expect(after.choices[0]?.message.content).toContain("shipped");
  });

  test("fills a JSON schema and picks the label that suits", async () => {
    const schema = {
      type: "object",
      properties: { sentiment: { enum: ["positive", "negative"] }, score: { $ref: "#/$defs/n" } },
      $defs: { n: { type: "number", minimum: 2, maximum: 3 } },
    };
    const shaped = await openai.chat.completions.create({
      model: "gpt-4o",
      messages: [{ role: "user", content: "This is the worst app, 5 stars never" }],
      response_format: { type: "json_schema", json_schema: { name: "s", schema } },
    });
    expect(JSON.parse(shaped.choices[0]?.message.content ?? "")).toEqual({
      sentiment: "negative",
      score: 3,
    });
    const labelled = await openai.chat.completions.create({
      model: "gpt-4o",
      messages: [
        { role: "system", content: "Classify the sentiment as positive, negative or neutral." },
        { role: "user", content: "Thank you, that was great" },
      ],
    });
    expect(labelled.choices[0]?.message.content).toBe("positive");
  });

  test("keeps to max_tokens, stop and n", async () => {
    const cut = await openai.chat.completions.create({
      ...ask,
      messages: [...ask.messages],
      max_tokens: 3,
      n: 2,
    });
    expect(cut.choices.map((choice) => choice.finish_reason)).toEqual(["length", "length"]);
    expect(cut.usage?.completion_tokens).toBe(6);
    const stopped = await openai.chat.completions.create({
      ...ask,
      messages: [...ask.messages],
      stop: " ",
    });
    expect(stopped.choices[0]?.message.content).not.toContain(" ");
    expect(stopped.choices[0]?.finish_reason).toBe("stop");
  });

  test("refuses what the provider refuses, in its form", async () => {
    const reply = await fetch(`${cloud.url}/v1/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ ...ask, stream_options: {} }),
    });
    expect(reply.status).toBe(400);
    expect(await reply.json()).toEqual({
      error: {
        message: "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
        type: "invalid_request_error",
        param: "stream_options",
        code: null,
      },
    });
  });
});

describe("Anthropic Messages", () => {
  const ask = {
    model: "claude-haiku-4-5",
    max_tokens: 400,
    messages: [{ role: "user" as const, content: "Explain rain." }],
  };

  test("answers in the full form and streams the same words", async () => {
    const whole = await anthropic.messages.create(ask);
    const streamed = await anthropic.messages.stream(ask).finalMessage();
    expect(streamed.content).toEqual(whole.content);
    expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens);
    expect(whole.stop_reason).toBe("end_turn");
    expect(whole).toHaveProperty("_request_id", expect.stringMatching(/^req_/u));
  });

  test("calls a tool, whole and streamed", async () => {
    const call = {
      ...ask,
      tools: [
        {
          name: "look_up",
          input_schema: { type: "object" as const, properties: parameters.properties },
        },
      ],
      messages: [{ role: "user" as const, content: "order #W7654321 please" }],
    };
    const whole = await anthropic.messages.create(call);
    const streamed = await anthropic.messages.stream(call).finalMessage();
    for (const message of [whole, streamed]) {
      expect(message.stop_reason).toBe("tool_use");
      expect(message.content[0]).toMatchObject({
        type: "tool_use",
        name: "look_up",
        input: { order_id: "#W7654321", days: 1 },
      });
    }
  });

  test("pings after the first block has been opened", async () => {
    const reply = await fetch(`${cloud.url}/v1/messages`, {
      method: "POST",
      headers: { "anthropic-version": "2023-06-01" },
      body: JSON.stringify({ ...ask, max_tokens: 1, stream: true }),
    });
    const names = (await reply.text()).match(/^event: \w+/gmu)?.map((line) => line.slice(7));
    expect(names).toEqual([
      "message_start",
      "content_block_start",
      "ping",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
  });

  test("counts tokens as the reply reports them", async () => {
    const { max_tokens: _, ...counting } = ask;
    const counted = await anthropic.messages.countTokens(counting);
    const whole = await anthropic.messages.create(ask);
    expect(counted.input_tokens).toBe(whole.usage.input_tokens);
  });

  test("wants the version header and its own error form", async () => {
    const reply = await fetch(`${cloud.url}/v1/messages`, {
      method: "POST",
      body: JSON.stringify(ask),
    });
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({
      type: "error",
      error: { type: "invalid_request_error", message: "anthropic-version: header is required" },
      request_id: reply.headers.get("request-id"),
    });
  });
});

describe("other OpenAI endpoints", () => {
  test("Responses: text, stream and function call", async () => {
    const whole = await openai.responses.create({ model: "gpt-4o", input: "Explain rain." });
    const streamed = await openai.responses
      .stream({ model: "gpt-4o", input: "Explain rain." })
      .finalResponse();
    expect(whole.output_text.length).toBeGreaterThan(20);
    expect(streamed.output_text).toBe(whole.output_text);
    const tool = { type: "function", name: "look_up", parameters, strict: false } as const;
    const called = await openai.responses
      .stream({ model: "gpt-4o", input: "order #W1111111", tools: [tool] })
      .finalResponse();
    expect(called.output[0]).toMatchObject({ type: "function_call", name: "look_up" });
  });

  test("embeddings have norm one and depend on the text", async () => {
    const { data } = await openai.embeddings.create({ model: "e", input: ["a", "b", "a"] });
    const [a, b, again] = data.map(({ embedding }) => embedding);
    expect(Math.hypot(...(a ?? []))).toBeCloseTo(1, 5);
    expect(a).toEqual(again);
    expect(a).not.toEqual(b);
  });

  test("models are listed and found by either protocol", async () => {
    const listed = await openai.models.list();
    expect(listed.data.map(({ id }) => id)).toContain("gpt-4o");
    expect((await anthropic.models.list()).data[0]?.id).toMatch(/^claude/u);
    await expect(openai.models.retrieve("nothing")).rejects.toMatchObject({ status: 404 });
  });

  test("an unknown path is a 404 in the caller's protocol", async () => {
    const doubled = await fetch(`${cloud.url}/v1/v1/chat/completions`, { method: "POST" });
    expect(doubled.status).toBe(404);
    expect(await doubled.json()).toMatchObject({ error: { code: "unknown_url" } });
  });
});
