/** The codec of OpenAI Chat Completions: claims its path, reads requests, writes answers and errors, replays stored replies. */
import type { SidestepError } from "../core/errors.ts";
import type { Answer, StoredReply } from "../core/reply.ts";
import type { JsonObject, RequestView } from "../core/request.ts";
import type { Codec, KeptReply, ReplyIdentity, WrittenError, WrittenReply } from "./codec.ts";
import { isObject, objectAt, objectsAt, parseJsonAsWritten, stringAt } from "./json.ts";
import { chunksOf, foldChunks, usageIn } from "./openai-chat-fold.ts";
import { readOpenAiChat } from "./openai-chat-request.ts";
import { chunkFrame, doneFrame, framesOf, isCompletion } from "./openai-chat-stream.ts";
import { OpenAiChatTally } from "./openai-chat-usage.ts";
import { inOtherForm, jsonBytes, jsonType, retryHeaders, streamType } from "./reply-parts.ts";
import { estimateInputTokens } from "./tokens.ts";
import { readAlong } from "./usage-reader.ts";

const paths: ReadonlySet<string> = new Set(["/v1/chat/completions", "/chat/completions"]);

/** OpenAI Chat Completions, JSON and server-sent events. */
export const openAiChat: Codec = {
  protocol: "openai-chat",
  claims: (method, path) => method === "POST" && paths.has(path),
  read: readOpenAiChat,
  write,
  error,
  createUsageReader: (contentType, contentEncoding = "", view = null) =>
    readAlong(new OpenAiChatTally(), { contentType, contentEncoding, view }),
  transcode,
  said,
};

function write(answer: Answer, view: RequestView, identity: ReplyIdentity): WrittenReply {
  const usage = usageOf(answer.usage.inputTokens, answer.usage.outputTokens);
  const completion = completionOf(answer, view, identity);
  const requestId = ["x-request-id", identity.id];
  if (!view.stream) {
    const body = jsonBytes({ ...completion, usage });
    return { headers: ["content-type", jsonType, ...requestId], chunks: [body] };
  }
  const frames = framesOf(completion, view.includeUsage ? usage : null) ?? [];
  const chunks = frames.map((text) => Buffer.from(text));
  return { headers: ["content-type", streamType, ...requestId], chunks };
}

function completionOf(answer: Answer, view: RequestView, identity: ReplyIdentity): JsonObject {
  const message = { role: "assistant", content: answer.text, refusal: null };
  return {
    id: `chatcmpl-${identity.id}`,
    object: "chat.completion",
    created: identity.createdSeconds,
    model: view.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: "stop" }],
  };
}

function usageOf(inputTokens: number, outputTokens: number): JsonObject {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
}

function error(
  fault: SidestepError,
  requestId: string,
  retryAfterSeconds: number | null,
): WrittenError {
  const told = { message: fault.message, type: "sidestep_error", param: null, code: fault.code };
  const retry = retryHeaders(fault, retryAfterSeconds);
  const headers = ["content-type", jsonType, "x-request-id", requestId, ...retry];
  return { status: fault.status, headers, body: jsonBytes({ error: told }) };
}

function transcode(kept: KeptReply, view: RequestView): StoredReply | null {
  const { status, headers, body } = kept;
  const hasForm = kept.isStream === view.stream;
  const hasUsage = !view.stream || !kept.isStream || kept.includesUsage === view.includeUsage;
  if (hasForm && hasUsage) return { status, headers, body };
  const text = kept.isStream ? fromStream(body, view) : toStream(body, view);
  if (text === null) return null;
  return inOtherForm(kept, view.stream ? streamType : jsonType, Buffer.from(text));
}

function said({ body, isStream }: Pick<KeptReply, "body" | "isStream">): string | null {
  const whole = isStream
    ? (foldChunks(chunksOf(body) ?? []) ?? undefined)
    : parseJsonAsWritten(body.toString("utf8"));
  if (!isCompletion(whole)) return null;
  const [choice, ...others] = objectsAt(whole, "choices");
  if (choice === undefined || others.length > 0) return null;
  const message = objectAt(choice, "message");
  return "tool_calls" in message ? null : (stringAt(message, "content") ?? null);
}

function toStream(body: Buffer, view: RequestView): string | null {
  const completion = parseJsonAsWritten(body.toString("utf8"));
  if (!isCompletion(completion)) return null;
  const usage = view.includeUsage ? toldOrEstimated(completion, view) : null;
  return framesOf(completion, usage)?.join("") ?? null;
}

function fromStream(body: Buffer, view: RequestView): string | null {
  const chunks = chunksOf(body);
  const completion = chunks === null ? null : foldChunks(chunks);
  if (chunks === null || completion === null) return null;
  const usage = toldOrEstimated({ ...completion, usage: usageIn(chunks) }, view);
  return view.stream
    ? restreamed(chunks, view.includeUsage ? usage : null)
    : JSON.stringify({ ...completion, usage });
}

/** The same chunks, with the usage chunk added or taken out. */
function restreamed(chunks: readonly JsonObject[], usage: JsonObject | null): string {
  const silent = usage === null ? {} : { usage: null };
  const told = chunks
    .filter((chunk) => !isObject(chunk["usage"]) || JSON.stringify(chunk["choices"]) !== "[]")
    .map(({ usage: _usage, ...chunk }) => ({ ...chunk, ...silent }));
  const last = usage === null ? [] : [{ ...told.at(-1), choices: [], usage }];
  return [...told, ...last].map(chunkFrame).join("") + doneFrame;
}

/** A stream that was stored without usage is given an estimate, as local answers are: clients read it unasked. */
function toldOrEstimated(completion: JsonObject, view: RequestView): JsonObject {
  if (isObject(completion["usage"])) return completion["usage"];
  const tally = new OpenAiChatTally();
  tally.json(completion);
  return usageOf(estimateInputTokens(view), tally.spokenTokens());
}
