/** A complete Messages reply as server-sent events; used by the codec to write answers and to replay stored ones. */
import type { Json, JsonObject } from "../core/request.ts";
import { countAt, isList, isObject, objectAt, objectsAt, stringAt } from "./json.ts";
import { frame } from "./sse.ts";
import { wordPieces } from "./words.ts";

/** The frames of `message`, from message_start to message_stop. */
export function framesOf(message: JsonObject): readonly string[] {
  const { stop_reason = null, stop_sequence = null, stop_details, container } = message;
  const usage = objectAt(message, "usage");
  const output_tokens = countAt(usage, "output_tokens") ?? 0;
  const begun = { content: [], stop_reason: null, stop_sequence: null };
  const ending = {
    stop_reason,
    stop_sequence,
    ...(stop_details === undefined ? {} : { stop_details }),
    ...(container === undefined ? {} : { container }),
  };
  return [
    event("message_start", {
      message: {
        ...message,
        ...begun,
        usage: { ...usage, output_tokens: Math.min(1, output_tokens) },
      },
    }),
    ...objectsAt(message, "content").flatMap(blockFrames),
    // Counts here are totals for the message; all but this one stand in message_start, where the
    // provider, too, has counted no more than the first token.
    event("message_delta", {
      delta: ending,
      usage: { output_tokens },
    }),
    event("message_stop", {}),
  ];
}

function event(type: string, data: JsonObject): string {
  return frame(type, JSON.stringify({ type, ...data }));
}

function blockFrames(block: JsonObject, index: number): readonly string[] {
  const { start, deltas } = opened(block);
  return [
    event("content_block_start", { index, content_block: start }),
    ...deltas.map((delta) => event("content_block_delta", { index, delta })),
    event("content_block_stop", { index }),
  ];
}

interface Opened {
  readonly start: JsonObject;
  readonly deltas: readonly JsonObject[];
}

/** A block as it starts and what follows; kinds that the provider does not send piecemeal start whole. */
function opened(block: JsonObject): Opened {
  switch (block["type"]) {
    case "text":
      return openedText(block);
    case "thinking":
      return openedThinking(block);
    case "tool_use":
    case "server_tool_use":
      return openedToolUse(block);
    default:
      return { start: block, deltas: [] };
  }
}

function openedText(block: JsonObject): Opened {
  const citations = isList(block["citations"]) ? block["citations"] : null;
  const pieces = wordPieces(stringAt(block, "text") ?? "");
  return {
    start: { ...block, text: "", ...(citations === null ? {} : { citations: [] }) },
    deltas: [
      ...(citations ?? []).map((citation) => ({ type: "citations_delta", citation })),
      ...pieces.map((text) => ({ type: "text_delta", text })),
    ],
  };
}

function openedThinking(block: JsonObject): Opened {
  const { thinking = "", signature = "" } = block;
  return {
    start: { ...block, thinking: "", signature: "" },
    deltas: [
      { type: "thinking_delta", thinking },
      { type: "signature_delta", signature },
    ],
  };
}

function openedToolUse(block: JsonObject): Opened {
  const partial_json = JSON.stringify(block["input"] ?? {});
  return {
    start: { ...block, input: {} },
    deltas: [{ type: "input_json_delta", partial_json }],
  };
}

/** Whether a reply is a message with a list of blocks. */
export function isMessage(reply: Json | undefined): reply is JsonObject {
  return (
    isObject(reply) &&
    reply["type"] === "message" &&
    isList(reply["content"]) &&
    reply["content"].every(isObject)
  );
}
