/** Tallies Anthropic Messages replies: usage, model, and whether the message stopped; used by the codec's usage reader. */
import type { PromptCacheUsage, Usage } from "../core/decision.ts";
import type { JsonObject } from "../core/request.ts";
import type { UsageReport } from "./codec.ts";
import { countAt, isObject, objectAt, objectsAt, parseJson, stringAt } from "./json.ts";
import type { SseEvent } from "./sse.ts";
import { countedUsage } from "./prompt-cache.ts";
import { estimateTokens } from "./tokens.ts";
import type { Tally } from "./usage-reader.ts";

export class AnthropicMessagesTally implements Tally {
  #counts: JsonObject = {};
  #model: string | null = null;
  #isFailed = false;
  #isClosed = false;
  #stopReason: string | null = null;
  #isCounted = false;
  #spoken = 0;

  json(reply: JsonObject): void {
    this.#open(reply);
    for (const block of objectsAt(reply, "content")) this.#hear(block);
    this.#isClosed = true;
  }

  event(event: SseEvent): void {
    const data = parseJson(event.data);
    const type = isObject(data) ? stringAt(data, "type") : undefined;
    if (!isObject(data) || type === "error") this.#isFailed = true;
    else if (type === "message_start") this.#open(objectAt(data, "message"));
    else if (type === "content_block_delta") this.#hear(objectAt(data, "delta"));
    else if (type === "message_delta") this.#close(data);
    else if (type === "message_stop") this.#isClosed = true;
  }

  report(): UsageReport {
    const isComplete = this.#isClosed && this.#stopReason !== null && !this.#isFailed;
    const finishReasons = this.#stopReason === null ? [] : [this.#stopReason];
    return { usage: usageOf(this.#counts), model: this.#model, finishReasons, isComplete };
  }

  spokenTokens(): number {
    return this.#spoken;
  }

  #open(message: JsonObject): void {
    this.#model = stringAt(message, "model") ?? null;
    this.#counts = objectAt(message, "usage");
    this.#isCounted = usageOf(this.#counts) !== null;
    this.#stopReason = stringAt(message, "stop_reason") ?? null;
  }

  /** Counts of a message_delta are totals: where present they replace those of the start. */
  #close(event: JsonObject): void {
    const counted = Object.entries(objectAt(event, "usage")).filter(([, count]) => count !== null);
    this.#counts = { ...this.#counts, ...Object.fromEntries(counted) };
    this.#stopReason ??= stringAt(objectAt(event, "delta"), "stop_reason") ?? null;
  }

  // A message says its usage before its texts, and then nothing need be estimated.
  #hear(part: JsonObject): void {
    if (this.#isCounted) return;
    for (const key of spokenKeys) this.#spoken += estimateTokens(stringAt(part, key) ?? "");
    if (isObject(part["input"])) this.#spoken += estimateTokens(JSON.stringify(part["input"]));
  }
}

const spokenKeys: readonly string[] = ["text", "thinking", "partial_json"];

/** Input is everything that was read: fresh, written to the provider's cache, and found there. */
function usageOf(counts: JsonObject): Usage | null {
  const fresh = countAt(counts, "input_tokens");
  const outputTokens = countAt(counts, "output_tokens");
  if (fresh === undefined || outputTokens === undefined) return null;
  const cache = cacheOf(counts);
  const inputTokens = fresh + cache.writtenTokens + cache.readTokens;
  return countedUsage({ inputTokens, outputTokens }, cache);
}

function cacheOf(counts: JsonObject): PromptCacheUsage {
  return {
    readTokens: countAt(counts, "cache_read_input_tokens") ?? 0,
    writtenTokens: countAt(counts, "cache_creation_input_tokens") ?? 0,
    hourTokens: countAt(objectAt(counts, "cache_creation"), "ephemeral_1h_input_tokens") ?? 0,
  };
}
