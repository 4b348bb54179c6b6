/** Makes one call with the official @anthropic-ai/sdk package, whole or streamed. */

import type Anthropic from "@anthropic-ai/sdk";
import { ORDER_ID } from "./call.ts";
import type { Answered, Call } from "./call.ts";

/** Rejects as the package does. */
export async function askAnthropic(client: Anthropic, call: Call): Promise<Answered> {
  const request = requestOf(call);
  if (!call.stream) {
    const whole = await client.messages.create(request).withResponse();
    return { answer: wordsOf(whole.data.content), headers: whole.response.headers };
  }
  const streamed = await client.messages.create({ ...request, stream: true }).withResponse();
  let answer = "";
  for await (const event of streamed.data) {
    if (event.type !== "content_block_delta") continue;
    if (event.delta.type === "text_delta") answer += event.delta.text;
  }
  return { answer, headers: streamed.response.headers };
}

function requestOf(call: Call): Anthropic.MessageCreateParamsNonStreaming {
  const tool = { name: "look_up_order", input_schema: ORDER_ID };
  return {
    model: "claude-haiku-4-5",
    max_tokens: 500,
    system: call.system,
    metadata: { user_id: call.user },
    messages: [{ role: "user", content: call.text }],
    ...(call.tools ? { tools: [tool] } : {}),
  };
}

function wordsOf(content: readonly Anthropic.ContentBlock[]): string {
  return content
    .map((block) => {
      if (block.type === "text") return block.text;
      return block.type === "tool_use" ? block.name + JSON.stringify(block.input) : "";
    })
    .join("");
}
