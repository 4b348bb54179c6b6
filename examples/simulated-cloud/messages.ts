/** Anthropic Messages: `POST /v1/messages` (JSON and server-sent events) and `/v1/messages/count_tokens`. */

import type { Ask } from "./ask.ts";
import { complete } from "./completion.ts";
import type { Completion } from "./completion.ts";
import { errorReply } from "./error-reply.ts";
import { parseJson } from "./json.ts";
import type { JsonObject } from "./json.ts";
import { readMessages, refuseMessages } from "./messages-request.ts";
import { anthropicHeaders } from "./provider-headers.ts";
import { identifier } from "./random.ts";
import { jsonReply, streamReply } from "./reply.ts";
import type { CallContext, Frame, Reply } from "./reply.ts";
import { tokenize } from "./tokens.ts";

const STOP_REASONS = {
  stop: "end_turn",
  length: "max_tokens",
  stop_sequence: "stop_sequence",
  tools: "tool_use",
} as const;

export function answerMessages(body: JsonObject, context: CallContext): Reply {
  const refusal = refuseMessages(body, context.headers["anthropic-version"], false);
  if (refusal !== undefined) return errorReply("anthropic", refusal, context);
  const ask = readMessages(body);
  const completion = complete(ask, context);
  const message = messageOf(ask, completion, context);
  const headers = anthropicHeaders(context, ask.promptTokens);
  if (body["stream"] !== true) return jsonReply(200, headers, message, completion.tokens);
  return streamReply(headers, messageFrames(message, completion));
}

export function answerCountTokens(body: JsonObject, context: CallContext): Reply {
  const refusal = refuseMessages(body, context.headers["anthropic-version"], true);
  if (refusal !== undefined) return errorReply("anthropic", refusal, context);
  const tokens = readMessages(body).promptTokens;
  return jsonReply(200, anthropicHeaders(context, tokens), { input_tokens: tokens });
}

interface Message extends JsonObject {
  readonly content: readonly JsonObject[];
  readonly usage: JsonObject;
}

function messageOf(ask: Ask, completion: Completion, context: CallContext): Message {
  const uses = completion.toolCalls.map((call, index) => ({
    type: "tool_use",
    id: `toolu_01${identifier(22, "tool", context.seed, context.number, index)}`,
    name: call.name,
    input: parseJson(call.arguments),
  }));
  return {
    id: `msg_01${identifier(22, "message", context.seed, context.number)}`,
    type: "message",
    role: "assistant",
    model: ask.model,
    content: uses.length > 0 ? uses : [{ type: "text", text: completion.text }],
    stop_reason: STOP_REASONS[completion.finish],
    stop_sequence: completion.stopSequence,
    usage: {
      input_tokens: ask.promptTokens,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
      output_tokens: completion.tokens,
      service_tier: "standard",
    },
  };
}

function messageFrames(message: Message, completion: Completion): readonly Frame[] {
  const usage = { ...message.usage, output_tokens: 1 };
  const opening = { ...message, content: [], stop_reason: null, stop_sequence: null, usage };
  const blocks = message.content.flatMap((block, index) => blockFrames(block, index, completion));
  const { stop_reason, stop_sequence } = message;
  return [
    event("message_start", { message: opening }),
    ...blocks,
    event("message_delta", {
      delta: { stop_reason, stop_sequence },
      usage: {
        input_tokens: message.usage["input_tokens"],
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: completion.tokens,
      },
    }),
    event("message_stop", {}),
  ];
}

function blockFrames(block: JsonObject, index: number, completion: Completion): readonly Frame[] {
  const isText = block["type"] === "text";
  const opened = isText ? { type: "text", text: "" } : { ...block, input: {} };
  const source = isText ? completion.text : (completion.toolCalls[index]?.arguments ?? "{}");
  const pieces = isText ? tokenize(source) : ["", ...tokenize(source)];
  const deltas = pieces.map((piece) =>
    event(
      "content_block_delta",
      {
        index,
        delta: isText
          ? { type: "text_delta", text: piece }
          : { type: "input_json_delta", partial_json: piece },
      },
      1,
    ),
  );
  // The provider sends its ping after the first block has been opened.
  const ping = index === 0 ? [event("ping", {})] : [];
  return [
    event("content_block_start", { index, content_block: opened }),
    ...ping,
    ...deltas,
    event("content_block_stop", { index }),
  ];
}

function event(type: string, data: JsonObject, tokens: number = 0): Frame {
  return { text: `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`, tokens };
}
