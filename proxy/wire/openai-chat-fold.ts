/** Chat Completions events folded into the complete reply they stand for; used by the codec to replay stored streams. */
import type { Json, JsonObject } from "../core/request.ts";
import {
  isList,
  isObject,
  objectAt,
  objectsAt,
  parseJsonAsWritten,
  stringAt,
  withoutEmpty,
} from "./json.ts";
import { isCompletion } from "./openai-chat-stream.ts";
import { splitWhole } from "./sse.ts";

/** The chunks of a stream that ended properly; null for anything else. */
export function chunksOf(body: Buffer): readonly JsonObject[] | null {
  const events = splitWhole(body);
  if (events.at(-1)?.data !== "[DONE]") return null;
  const chunks = events.slice(0, -1).map((event) => parseJsonAsWritten(event.data));
  return chunks.every(isChunk) ? chunks : null;
}

function isChunk(chunk: Json | undefined): chunk is JsonObject {
  return isCompletion(chunk) && (chunk["error"] ?? null) === null;
}

/** Usage as the stream told it; null when it did not. */
export function usageIn(chunks: readonly JsonObject[]): JsonObject | null {
  const told = chunks.map((chunk) => chunk["usage"]).filter(isObject);
  return told.at(-1) ?? null;
}

/** The complete reply without `usage`; null where a part has no surely known form in one. */
export function foldChunks(chunks: readonly JsonObject[]): JsonObject | null {
  const choices = new Map<Json | undefined, ChoiceFold>();
  let head: JsonObject = {};
  for (const chunk of chunks) {
    head = { ...headOf(chunk), ...head };
    for (const part of objectsAt(chunk, "choices")) {
      const choice = choices.get(part["index"]) ?? new ChoiceFold();
      choices.set(part["index"], choice);
      choice.add(part);
    }
  }
  const folded = [...choices.keys()].map((_key, index) => choices.get(index)?.whole(index) ?? null);
  if (folded.length === 0 || !folded.every((choice) => choice !== null)) return null;
  const { id = "", created = 0, model = "", ...others } = head;
  return { id, object: "chat.completion", created, model, choices: folded, ...others };
}

/** What a chunk says of the whole reply. Azure's first chunk says nothing, with empty texts and a zero. */
function headOf(chunk: JsonObject): JsonObject {
  const { choices: _choices, usage: _usage, object: _object, obfuscation: _pad, ...rest } = chunk;
  const { created = 0, ...said } = withoutEmpty(rest);
  return created === 0 ? said : { ...said, created };
}

/** One choice, put together delta by delta. */
class ChoiceFold {
  readonly #calls = new Map<Json | undefined, JsonObject>();
  #said: JsonObject = {};
  #functionCall: JsonObject | null = null;
  #logprobs: JsonObject | null = null;
  #finishReason: Json = null;
  #others: JsonObject = {};

  add(part: JsonObject): void {
    const { index: _index, delta, logprobs, finish_reason, ...others } = part;
    const { tool_calls, function_call, role: _role, ...said } = isObject(delta) ? delta : {};
    this.#said = joined(this.#said, said);
    for (const call of isList(tool_calls) ? tool_calls.filter(isObject) : []) this.#addCall(call);
    if (isObject(function_call)) this.#functionCall = called(this.#functionCall, function_call);
    if (isObject(logprobs)) this.#logprobs = joinedOr(this.#logprobs, logprobs);
    this.#finishReason = finish_reason ?? this.#finishReason;
    this.#others = { ...this.#others, ...others };
  }

  /** Null for what did not finish, for audio, and for tool calls with gaps between them. */
  whole(index: number): JsonObject | null {
    const calls = [...this.#calls.keys()].map((_key, at) => this.#calls.get(at));
    const isLost = calls.includes(undefined) || "audio" in this.#said;
    if (isLost || this.#finishReason === null) return null;
    const message = this.#messageWith(calls.filter((call) => call !== undefined));
    const ending = { logprobs: this.#logprobs, finish_reason: this.#finishReason };
    return { index, message, ...ending, ...this.#others };
  }

  /** Streams open with an empty content where a reply that only calls or refuses has none. */
  #messageWith(calls: readonly JsonObject[]): JsonObject {
    const { content = null, refusal = null, ...others } = this.#said;
    const tools = calls.length > 0 ? { tool_calls: calls } : {};
    const legacy = this.#functionCall === null ? {} : { function_call: this.#functionCall };
    const more = { ...others, ...tools, ...legacy };
    const isMute =
      content === "" && (refusal !== null || "tool_calls" in more || "function_call" in more);
    return { role: "assistant", content: isMute ? null : content, refusal, ...more };
  }

  #addCall(call: JsonObject): void {
    const { index, function: named, custom, ...rest } = call;
    const before = this.#calls.get(index) ?? {};
    this.#calls.set(index, {
      ...before,
      ...withoutEmpty(rest),
      ...(isObject(named) ? { function: called(objectAt(before, "function"), named) } : {}),
      ...(isObject(custom) ? { custom: called(objectAt(before, "custom"), custom) } : {}),
    });
  }
}

/** Strings and lists grow; anything else is said once, and null says nothing. */
function joined(before: JsonObject, delta: JsonObject): JsonObject {
  const after: Record<string, Json> = { ...before };
  for (const [key, value] of Object.entries(delta)) {
    const known = after[key];
    if (typeof known === "string" && typeof value === "string") after[key] = known + value;
    else if (isList(known) && isList(value)) after[key] = [...known, ...value];
    else if (value !== null) after[key] = value;
  }
  return after;
}

function joinedOr(before: JsonObject | null, first: JsonObject): JsonObject {
  return before === null ? first : joined(before, first);
}

/** Of a call only its input grows; its name is said once, whole. */
function called(before: JsonObject | null, delta: JsonObject): JsonObject {
  const input = "input" in delta ? "input" : "arguments";
  const { [input]: _more, ...named } = delta;
  const more = stringAt(delta, input);
  const known = before === null ? undefined : stringAt(before, input);
  return { ...before, ...withoutEmpty(named), [input]: (known ?? "") + (more ?? "") };
}
