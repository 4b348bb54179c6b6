/** Messages events folded into the complete reply they stand for; used by the codec to replay stored streams. */
import type { Json, JsonObject } from "../core/request.ts";
import { isMessage } from "./anthropic-messages-stream.ts";
import { isList, isObject, objectAt, parseJsonAsWritten, stringAt } from "./json.ts";
import { splitWhole } from "./sse.ts";

/** The message of a stream that ended properly; null for anything whose place in a message is not surely known. */
export function foldEvents(body: Buffer): JsonObject | null {
  const fold = new MessageFold();
  for (const { data } of splitWhole(body)) {
    const event = parseJsonAsWritten(data);
    if (!isObject(event) || !fold.add(event)) return null;
  }
  return fold.whole();
}

/** A message, put together event by event. */
class MessageFold {
  #message: JsonObject | null = null;
  readonly #blocks: BlockFold[] = [];
  #isStopped = false;

  /** False for an event that has no known place here. */
  add(event: JsonObject): boolean {
    switch (stringAt(event, "type")) {
      case "ping":
      case "content_block_stop":
        return true;
      case "message_start":
        return this.#open(event["message"]);
      case "content_block_start":
        return this.#openBlock(event);
      case "content_block_delta":
        return this.#blocks.at(-1)?.add(objectAt(event, "delta")) ?? false;
      case "message_delta":
        return this.#close(event);
      case "message_stop":
        this.#isStopped = true;
        return true;
      default:
        return false;
    }
  }

  whole(): JsonObject | null {
    const content = this.#blocks.map((block) => block.whole());
    if (this.#message === null || !this.#isStopped || !content.every(isObject)) return null;
    return { ...this.#message, content };
  }

  #open(message: Json | undefined): boolean {
    if (this.#message !== null || !isMessage(message)) return false;
    this.#message = message;
    return true;
  }

  #openBlock({ index, content_block: block }: JsonObject): boolean {
    if (index !== this.#blocks.length || !isObject(block)) return false;
    this.#blocks.push(new BlockFold(block));
    return true;
  }

  /** Counts are totals: where present they replace those of the start. */
  #close({ type: _type, delta, usage, ...others }: JsonObject): boolean {
    if (this.#message === null || !isObject(delta)) return false;
    const counted = Object.entries(isObject(usage) ? usage : {}).filter(([, n]) => n !== null);
    const total = { ...objectAt(this.#message, "usage"), ...Object.fromEntries(counted) };
    this.#message = { ...this.#message, ...delta, ...others, usage: total };
    return true;
  }
}

/** One content block. */
class BlockFold {
  #block: JsonObject;
  #input = "";

  constructor(block: JsonObject) {
    this.#block = block;
  }

  /** False for a delta of an unknown kind. */
  add(delta: JsonObject): boolean {
    switch (stringAt(delta, "type")) {
      case "text_delta":
        return this.#grow("text", delta);
      case "thinking_delta":
        return this.#grow("thinking", delta);
      case "signature_delta":
        this.#block = { ...this.#block, signature: delta["signature"] ?? "" };
        return true;
      case "citations_delta":
        return this.#cite(delta["citation"] ?? null);
      case "input_json_delta":
        this.#input += stringAt(delta, "partial_json") ?? "";
        return true;
      default:
        return false;
    }
  }

  /** Null when a tool's input is no JSON. */
  whole(): JsonObject | null {
    if (this.#input === "") return this.#block;
    const input = parseJsonAsWritten(this.#input);
    return input === undefined ? null : { ...this.#block, input };
  }

  #grow(key: "text" | "thinking", delta: JsonObject): boolean {
    const text = (stringAt(this.#block, key) ?? "") + (stringAt(delta, key) ?? "");
    this.#block = { ...this.#block, [key]: text };
    return true;
  }

  #cite(citation: Json): boolean {
    const { citations } = this.#block;
    this.#block = {
      ...this.#block,
      citations: [...(isList(citations) ? citations : []), citation],
    };
    return true;
  }
}
