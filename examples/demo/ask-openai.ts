/** Makes one call with the official openai package, whole or streamed. */

import type OpenAI from "openai";
import { ORDER_ID } from "./call.ts";
import type { Answered, Call } from "./call.ts";

const LABEL_SCHEMA = {
  type: "object",
  properties: { sentiment: { type: "string", enum: ["positive", "negative", "neutral"] } },
  required: ["sentiment"],
  additionalProperties: false,
};

/** Rejects as the package does. */
export function askOpenAi(client: OpenAI, call: Call): Promise<Answered> {
  return call.stream ? askStreamed(client, call) : askWhole(client, call);
}

async function askWhole(client: OpenAI, call: Call): Promise<Answered> {
  const request = client.chat.completions.create(requestOf(call));
  const { data, response } = await request.withResponse();
  const message = data.choices[0]?.message;
  const answer = message?.content ?? JSON.stringify(message?.tool_calls ?? []);
  return { answer, headers: response.headers };
}

async function askStreamed(client: OpenAI, call: Call): Promise<Answered> {
  const request = client.chat.completions.create({ ...requestOf(call), stream: true });
  const { data, response } = await request.withResponse();
  let answer = "";
  for await (const chunk of data) answer += wordsOf(chunk);
  return { answer, headers: response.headers };
}

function wordsOf(chunk: OpenAI.ChatCompletionChunk): string {
  const delta = chunk.choices[0]?.delta;
  const uses = (delta?.tool_calls ?? []).map((use) => use.function);
  const calls = uses.map((use) => (use?.name ?? "") + (use?.arguments ?? ""));
  return (delta?.content ?? "") + calls.join("");
}

function requestOf(call: Call): OpenAI.ChatCompletionCreateParamsNonStreaming {
  const tool = { name: "look_up_order", parameters: ORDER_ID };
  const shape = { name: "sentiment", schema: LABEL_SCHEMA, strict: true };
  return {
    model: "gpt-4o-mini",
    user: call.user,
    messages: [
      { role: "system", content: call.system },
      { role: "user", content: call.text },
    ],
    ...(call.tools ? { tools: [{ type: "function", function: tool }] } : {}),
    ...(call.schema ? { response_format: { type: "json_schema", json_schema: shape } } : {}),
  };
}
