/** A complete Chat Completions reply as server-sent events; used by the codec to write answers and to replay stored ones. */
import type { Json, JsonObject } from "../core/request.ts";
import { isList, isObject, objectAt, objectsAt, withoutEmpty } from "./json.ts";
import { frame } from "./sse.ts";
import { wordPieces } from "./words.ts";

/** What ends every stream. */
export const doneFrame: string = frame(null, "[DONE]");

/**
 * The frames of `completion`, or null where its parts have no form in a stream. With `usage` a last
 * chunk carries it and the others say `"usage":null`.
 */
export function framesOf(
  completion: JsonObject,
  usage: JsonObject | null,
): readonly string[] | null {
  const choices = objectsAt(completion, "choices").map(choiceChunks);
  if (choices.length === 0 || !choices.every((chunks) => chunks !== null)) return null;
  const { head, once } = headOf(completion);
  const silent = usage === null ? {} : { usage: null };
  const chunks = choices
    .flat()
    .map((choice, at) => ({ ...head, choices: [choice], ...silent, ...(at === 0 ? once : {}) }));
  const last = usage === null ? [] : [{ ...head, choices: [], usage }];
  return [...chunks, ...last].map(chunkFrame).concat(doneFrame);
}

export function chunkFrame(chunk: JsonObject): string {
  return frame(null, JSON.stringify(chunk));
}

/** What every chunk repeats, and what only the first one needs to say. */
function headOf(completion: JsonObject): { head: JsonObject; once: JsonObject } {
  const repeated = new Set(["id", "created", "model", "service_tier", "system_fingerprint"]);
  const own = new Set(["object", "choices", "usage"]);
  const entries = Object.entries(completion).filter(([key]) => !own.has(key));
  const { id = null, ...rest } = Object.fromEntries(entries.filter(([key]) => repeated.has(key)));
  return {
    head: { id, object: "chat.completion.chunk", ...rest },
    once: Object.fromEntries(entries.filter(([key]) => !repeated.has(key))),
  };
}

function choiceChunks(choice: JsonObject): readonly JsonObject[] | null {
  const { index = 0, message, logprobs = null, finish_reason = null, ...others } = choice;
  const deltas = isObject(message) ? deltasOf(message, logprobs !== null) : null;
  if (deltas === null) return null;
  const open = { logprobs: null, finish_reason: null };
  const chunks: JsonObject[] = deltas.map((delta) => ({ index, delta, ...open }));
  // Probabilities belong to tokens, and whose token a word is only its provider knew: the text goes out whole.
  if (logprobs !== null) chunks[1] = { ...chunks[1], logprobs };
  return [...chunks, { index, delta: {}, logprobs: null, finish_reason, ...others }];
}

/** The deltas of a message, the first one with its role; null for audio and contents that are no text. */
function deltasOf(message: JsonObject, isWhole: boolean): readonly JsonObject[] | null {
  const { role: _role, content = null, refusal = null, ...others } = message;
  const { tool_calls: _calls, function_call: call, ...once } = withoutEmpty(others);
  if ("audio" in once || !isText(content) || !isText(refusal)) return null;
  const first = { role: "assistant", content: isSilent(content, refusal) ? null : "", ...once };
  const deltas = [
    ...textDeltas("content", content, isWhole),
    ...textDeltas("refusal", refusal, isWhole),
    ...objectsAt(message, "tool_calls").flatMap(toolDeltas),
    ...(isObject(call) ? functionDeltas(call) : []),
  ];
  return isWhole && deltas.length === 0 ? null : [first, ...deltas];
}

/** A stream opens with an empty content also where a refusal follows. */
function isSilent(content: string | null, refusal: string | null): boolean {
  return content === null && refusal === null;
}

function isText(value: Json): value is string | null {
  return value === null || typeof value === "string";
}

function textDeltas(key: string, text: string | null, isWhole: boolean): readonly JsonObject[] {
  if (text === null || text === "") return [];
  return (isWhole ? [text] : wordPieces(text)).map((piece) => ({ [key]: piece }));
}

/** A call is opened without its input, which follows in one piece; a call of an unknown kind goes whole. */
function toolDeltas(call: JsonObject, index: number): readonly JsonObject[] {
  const kind = isObject(call["custom"]) ? "custom" : "function";
  const input = kind === "custom" ? "input" : "arguments";
  const named = objectAt(call, kind);
  const said = named[input];
  if (typeof said !== "string") return [{ tool_calls: [{ index, ...call }] }];
  return [
    { tool_calls: [{ index, ...call, [kind]: { ...named, [input]: "" } }] },
    { tool_calls: [{ index, [kind]: { [input]: said } }] },
  ];
}

function functionDeltas(call: JsonObject): readonly JsonObject[] {
  const { arguments: said = "", ...named } = call;
  return [{ function_call: { ...named, arguments: "" } }, { function_call: { arguments: said } }];
}

/** Whether a reply, or a chunk of one, has the list of choices that makes it one. */
export function isCompletion(reply: Json | undefined): reply is JsonObject {
  return isObject(reply) && isList(reply["choices"]) && reply["choices"].every(isObject);
}
