/** Tallies OpenAI Chat Completions replies: usage, model, and whether every choice ended; used by the codec's usage reader. */
import type { Usage } from "../core/decision.ts";
import type { JsonObject } from "../core/request.ts";
import type { UsageReport } from "./codec.ts";
import { countAt, isObject, objectAt, objectsAt, parseJson, stringAt } from "./json.ts";
import type { SseEvent } from "./sse.ts";
import { countedUsage } from "./prompt-cache.ts";
import { estimateTokens } from "./tokens.ts";
import type { Tally } from "./usage-reader.ts";

export class OpenAiChatTally implements Tally {
  #usage: Usage | null = null;
  #model: string | null = null;
  #isFailed = false;
  #isClosed = false;
  #spoken = 0;
  readonly #open = new Set<number>();
  /** Choices that ended, each with why. */
  readonly #ended = new Map<number, string>();

  json(reply: JsonObject): void {
    this.#take(reply, "message");
    this.#isClosed = true;
  }

  event(event: SseEvent): void {
    if (event.data === "[DONE]") {
      this.#isClosed = true;
      return;
    }
    const chunk = parseJson(event.data);
    if (isObject(chunk) && event.name !== "error") this.#take(chunk, "delta");
    else this.#isFailed = true;
  }

  report(): UsageReport {
    const hasEnded = this.#ended.size > 0 && this.#open.size === 0;
    const isComplete = this.#isClosed && hasEnded && !this.#isFailed;
    const finishReasons = [...this.#ended.values()];
    return { usage: this.#usage, model: this.#model, finishReasons, isComplete };
  }

  spokenTokens(): number {
    return this.#spoken;
  }

  #take(reply: JsonObject, part: "message" | "delta"): void {
    if (isObject(reply["error"])) this.#isFailed = true;
    this.#model ??= stringAt(reply, "model") || null;
    this.#usage = usageOf(objectAt(reply, "usage")) ?? this.#usage;
    for (const choice of objectsAt(reply, "choices")) {
      const index = countAt(choice, "index") ?? 0;
      this.#hear(objectAt(choice, part));
      const reason = this.#ended.get(index) ?? stringAt(choice, "finish_reason");
      if (reason === undefined) this.#open.add(index);
      else this.#end(index, reason);
    }
  }

  #end(index: number, reason: string): void {
    this.#ended.set(index, reason);
    this.#open.delete(index);
  }

  // A whole reply says its usage before this, and then nothing need be estimated.
  #hear(part: JsonObject): void {
    if (this.#usage === null) this.#spoken += tokensOf(part);
  }
}

function usageOf(usage: JsonObject): Usage | null {
  const inputTokens = countAt(usage, "prompt_tokens");
  const outputTokens = countAt(usage, "completion_tokens");
  if (inputTokens === undefined || outputTokens === undefined) return null;
  const details = objectAt(usage, "prompt_tokens_details");
  return countedUsage(
    { inputTokens, outputTokens },
    {
      readTokens: countAt(details, "cached_tokens") ?? 0,
      writtenTokens: countAt(details, "cache_write_tokens") ?? 0,
      hourTokens: 0,
    },
  );
}

/** Everything that a message or delta says, tool calls included, since all of it is paid for. */
function tokensOf(part: JsonObject): number {
  let tokens = tokensAt(part, spokenKeys);
  for (const call of objectsAt(part, "tool_calls")) {
    tokens += tokensAt(objectAt(call, "function"), calledKeys);
  }
  return tokens;
}

const spokenKeys: readonly string[] = ["content", "refusal", "reasoning_content"];
const calledKeys: readonly string[] = ["name", "arguments"];

function tokensAt(part: JsonObject, keys: readonly string[]): number {
  let tokens = 0;
  for (const key of keys) tokens += estimateTokens(stringAt(part, key) ?? "");
  return tokens;
}
