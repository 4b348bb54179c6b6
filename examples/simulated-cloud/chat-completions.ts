/** OpenAI Chat Completions: `POST /v1/chat/completions`, JSON and server-sent events. */

import type { Ask } from "./ask.ts";
import { readChat, refuseChat } from "./chat-request.ts";
import { complete } from "./completion.ts";
import type { Completion, ToolCall } from "./completion.ts";
import { objectAt } from "./content.ts";
import { errorReply } from "./error-reply.ts";
import type { JsonObject } from "./json.ts";
import { openAiHeaders } from "./provider-headers.ts";
import { fraction, identifier } from "./random.ts";
import { jsonReply, streamReply } from "./reply.ts";
import type { CallContext, Frame, Reply } from "./reply.ts";
import { tokenize } from "./tokens.ts";

interface Head {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

export function answerChat(body: JsonObject, context: CallContext): Reply {
  const refusal = refuseChat(body);
  if (refusal !== undefined) return errorReply("openai", refusal, context);
  const ask = readChat(body);
  const completions = Array.from({ length: ask.choices }, (_, index) =>
    complete(ask, { ...context, seed: context.seed + index }),
  );
  const head: Head = {
    id: `chatcmpl-${identifier(29, "chat", context.seed, context.number)}`,
    created: Math.floor(Date.now() / 1000),
    model: ask.model,
  };
  const headers = openAiHeaders(context, ask.promptTokens);
  if (body["stream"] === true) {
    const frames = chatFrames({
      head,
      ask,
      completions,
      options: objectAt(body, "stream_options"),
    });
    return streamReply(headers, frames);
  }
  const whole = {
    id: head.id,
    object: "chat.completion",
    created: head.created,
    model: head.model,
    choices: completions.map((completion, index) => choiceOf(completion, { index, head })),
    usage: usageOf(ask, completions),
    service_tier: "default",
    system_fingerprint: "fp_simulated",
  };
  return jsonReply(200, headers, whole, tokensOf(completions));
}

function choiceOf(completion: Completion, at: { index: number; head: Head }): JsonObject {
  const toolCalls = completion.toolCalls.map((call, position) => ({
    id: callId(at.head.id, at.index, position),
    type: "function",
    function: call,
  }));
  return {
    index: at.index,
    message: {
      role: "assistant",
      content: toolCalls.length > 0 ? null : completion.text,
      ...(toolCalls.length > 0 ? { tool_calls: toolCalls } : {}),
      refusal: null,
      annotations: [],
    },
    logprobs: null,
    finish_reason: finishReason(completion),
  };
}

function usageOf(ask: Ask, completions: readonly Completion[]): JsonObject {
  const generated = tokensOf(completions);
  return {
    prompt_tokens: ask.promptTokens,
    completion_tokens: generated,
    total_tokens: ask.promptTokens + generated,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

interface StreamParts {
  readonly head: Head;
  readonly ask: Ask;
  readonly completions: readonly Completion[];
  readonly options: JsonObject;
}

function chatFrames(parts: StreamParts): readonly Frame[] {
  const withUsage = parts.options["include_usage"] === true;
  const write = chunkWriter(parts, withUsage);
  const frames = parts.completions.flatMap((completion, index) =>
    deltasOf(completion, { index, head: parts.head }).map(({ delta, finish, tokens }) => ({
      text: write([{ index, delta, logprobs: null, finish_reason: finish }], null),
      tokens,
    })),
  );
  if (withUsage) frames.push({ text: write([], usageOf(parts.ask, parts.completions)), tokens: 0 });
  return [...frames, { text: "data: [DONE]\n\n", tokens: 0 }];
}

type WriteChunk = (choices: readonly unknown[], usage: JsonObject | null) => string;

function chunkWriter(parts: StreamParts, withUsage: boolean): WriteChunk {
  const { id, created, model } = parts.head;
  const padded = parts.options["include_obfuscation"] !== false;
  let chunks = 0;
  return (choices, usage) => {
    chunks += 1;
    const padding = Math.floor(fraction(id, chunks) * 12) + 1;
    const chunk = {
      id,
      object: "chat.completion.chunk",
      created,
      model,
      service_tier: "default",
      system_fingerprint: "fp_simulated",
      choices,
      ...(withUsage ? { usage } : {}),
      ...(padded ? { obfuscation: identifier(padding, id, chunks) } : {}),
    };
    return `data: ${JSON.stringify(chunk)}\n\n`;
  };
}

interface Delta {
  readonly delta: JsonObject;
  readonly finish: string | null;
  readonly tokens: number;
}

function deltasOf(completion: Completion, at: { index: number; head: Head }): readonly Delta[] {
  const last: Delta = { delta: {}, finish: finishReason(completion), tokens: 0 };
  if (completion.toolCalls.length > 0) {
    const calls = completion.toolCalls.flatMap((call, position) =>
      toolDeltas(call, { position, id: callId(at.head.id, at.index, position) }),
    );
    const first = open({ role: "assistant", content: null, refusal: null }, 0);
    return [first, ...calls.map((delta) => open(delta, 1)), last];
  }
  const first = open({ role: "assistant", content: "", refusal: null }, 0);
  return [first, ...tokenize(completion.text).map((piece) => open({ content: piece }, 1)), last];
}

function open(delta: JsonObject, tokens: number): Delta {
  return { delta, finish: null, tokens };
}

function toolDeltas(call: ToolCall, at: { position: number; id: string }): readonly JsonObject[] {
  const index = at.position;
  const named = { name: call.name, arguments: "" };
  return [
    { tool_calls: [{ index, id: at.id, type: "function", function: named }] },
    ...tokenize(call.arguments).map((piece) => ({
      tool_calls: [{ index, function: { arguments: piece } }],
    })),
  ];
}

function finishReason(completion: Completion): string {
  if (completion.finish === "tools") return "tool_calls";
  return completion.finish === "length" ? "length" : "stop";
}

function callId(id: string, index: number, position: number): string {
  return `call_${identifier(24, id, index, position)}`;
}

function tokensOf(completions: readonly Completion[]): number {
  return completions.reduce((sum, completion) => sum + completion.tokens, 0);
}
