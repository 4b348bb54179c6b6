/** The codec of Anthropic Messages: claims its path, reads requests, writes answers and errors, replays stored replies. */
import type { SidestepError } from "../core/errors.ts";
import type { Answer, StoredReply } from "../core/reply.ts";
import type { RequestView } from "../core/request.ts";
import { foldEvents } from "./anthropic-messages-fold.ts";
import { readAnthropicMessages } from "./anthropic-messages-request.ts";
import { framesOf, isMessage } from "./anthropic-messages-stream.ts";
import { AnthropicMessagesTally } from "./anthropic-messages-usage.ts";
import type { Codec, KeptReply, ReplyIdentity, WrittenError, WrittenReply } from "./codec.ts";
import { objectsAt, parseJsonAsWritten, stringAt } from "./json.ts";
import { inOtherForm, jsonBytes, jsonType, retryHeaders, streamType } from "./reply-parts.ts";
import { readAlong } from "./usage-reader.ts";

const paths: ReadonlySet<string> = new Set(["/v1/messages", "/messages"]);

/** Anthropic Messages, JSON and server-sent events. */
export const anthropicMessages: Codec = {
  protocol: "anthropic-messages",
  claims: (method, path) => method === "POST" && paths.has(path),
  read: readAnthropicMessages,
  write,
  error,
  createUsageReader: (contentType, contentEncoding = "", view = null) =>
    readAlong(new AnthropicMessagesTally(), { contentType, contentEncoding, view }),
  transcode,
  said,
};

function write(answer: Answer, view: RequestView, identity: ReplyIdentity): WrittenReply {
  const message = {
    id: `msg_${identity.id.replaceAll("-", "")}`,
    type: "message",
    role: "assistant",
    model: view.model,
    content: [{ type: "text", text: answer.text }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: {
      input_tokens: answer.usage.inputTokens,
      output_tokens: answer.usage.outputTokens,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
    },
  };
  const chunks = view.stream
    ? framesOf(message).map((text) => Buffer.from(text))
    : [jsonBytes(message)];
  const contentType = view.stream ? streamType : jsonType;
  return { headers: ["content-type", contentType, "request-id", identity.id], chunks };
}

function error(
  fault: SidestepError,
  requestId: string,
  retryAfterSeconds: number | null,
): WrittenError {
  const told = { type: fault.code, message: fault.message };
  const retry = retryHeaders(fault, retryAfterSeconds);
  const headers = ["content-type", jsonType, "request-id", requestId, ...retry];
  const body = jsonBytes({ type: "error", error: told, request_id: requestId });
  return { status: fault.status, headers, body };
}

function transcode(kept: KeptReply, view: RequestView): StoredReply | null {
  const { status, headers, body } = kept;
  if (kept.isStream === view.stream) return { status, headers, body };
  const text = kept.isStream ? fromStream(body) : toStream(body);
  if (text === null) return null;
  return inOtherForm(kept, view.stream ? streamType : jsonType, Buffer.from(text));
}

function said({ body, isStream }: Pick<KeptReply, "body" | "isStream">): string | null {
  const message = isStream
    ? (foldEvents(body) ?? undefined)
    : parseJsonAsWritten(body.toString("utf8"));
  if (!isMessage(message)) return null;
  const blocks = objectsAt(message, "content");
  const texts = blocks.map((block) => stringAt(block, "text"));
  if (texts.length === 0 || blocks.some((block) => block["type"] !== "text")) return null;
  return texts.join("");
}

function toStream(body: Buffer): string | null {
  const message = parseJsonAsWritten(body.toString("utf8"));
  return isMessage(message) ? framesOf(message).join("") : null;
}

function fromStream(body: Buffer): string | null {
  const message = foldEvents(body);
  return message === null ? null : JSON.stringify(message);
}
