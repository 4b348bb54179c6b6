/** What the provider's own prompt cache had costs what it costs there, for the official clients and in every figure. */
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createScriptedUpstream, type ScriptedUpstream } from "../support/scripted-upstream.ts";
import { adminJson, startSidecar, type Sidecar } from "../support/sidecar.ts";

let upstream: ScriptedUpstream;
let sidecar: Sidecar;

beforeAll(async () => {
  upstream = await createScriptedUpstream();
  sidecar = await startSidecar({
    policy: `version: 1
model: null
providers:
  openai: { url: ${upstream.url}/v1 }
  anthropic: { url: ${upstream.url} }
routes:
  - { name: rest, forward: {} }
`,
  });
});

afterAll(async () => {
  await sidecar?.stop();
  await upstream?.close();
});

function played(body: object): void {
  upstream.play({ headers: ["content-type", "application/json"], body: JSON.stringify(body) });
}

function decided({ headers }: Response): Promise<unknown> {
  return adminJson(sidecar, `/decisions?id=${headers.get("x-sidestep-request-id") ?? ""}`);
}

it("of Anthropic's, read at a tenth, written at a quarter more, for an hour at double", async () => {
  played({
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-sonnet-4-5-20250929",
    content: [{ type: "text", text: "Yes." }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: {
      input_tokens: 100,
      cache_read_input_tokens: 50_000,
      cache_creation_input_tokens: 3000,
      cache_creation: { ephemeral_5m_input_tokens: 1000, ephemeral_1h_input_tokens: 2000 },
      output_tokens: 200,
    },
  });
  const client = new Anthropic({ baseURL: sidecar.url, apiKey: "sk-ant-test", maxRetries: 0 });
  const { data, response } = await client.messages
    .create({
      model: "claude-sonnet-4-5",
      max_tokens: 300,
      messages: [{ role: "user", content: "Is it so?" }],
    })
    .withResponse();
  expect(data.usage.cache_read_input_tokens).toBe(50_000);
  const inMillions = 100 * 3 + 50_000 * 0.3 + 1000 * 3.75 + 2000 * 6 + 200 * 15;
  const shown = {
    inputTokens: 53_100,
    outputTokens: 200,
    cacheReadTokens: 50_000,
    cacheWrittenTokens: 3000,
    costUsd: expect.closeTo(inMillions / 1e6, 12),
  };
  expect(await decided(response)).toMatchObject({ decisions: [shown] });
});

it("of OpenAI's, at half or a tenth, by model", async () => {
  played({
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "gpt-4o-mini-2024-07-18",
    choices: [{ index: 0, message: { role: "assistant", content: "Yes." }, finish_reason: "stop" }],
    usage: {
      prompt_tokens: 2006,
      completion_tokens: 300,
      total_tokens: 2306,
      prompt_tokens_details: { cached_tokens: 1920 },
    },
  });
  const client = new OpenAI({ baseURL: `${sidecar.url}/v1`, apiKey: "sk-test", maxRetries: 0 });
  for (const [model, prices] of [
    ["gpt-4o-mini", { input: 0.15, cached: 0.075, output: 0.6 }],
    ["gpt-5-mini", { input: 0.25, cached: 0.025, output: 2 }],
  ] as const) {
    const { response } = await client.chat.completions
      .create({ model, messages: [{ role: "user", content: "Is it so?" }] })
      .withResponse();
    const inMillions = 86 * prices.input + 1920 * prices.cached + 300 * prices.output;
    const costUsd = expect.closeTo(inMillions / 1e6, 12);
    const shown = { cacheReadTokens: 1920, cacheWrittenTokens: 0, costUsd };
    expect(await decided(response)).toMatchObject({ decisions: [shown] });
  }
});
