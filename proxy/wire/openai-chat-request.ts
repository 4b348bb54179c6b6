/** Reads OpenAI Chat Completions requests: the conversation, the parameters, and what stands in the way of a made-up answer. */
import { headerValues, type HeaderLines } from "../core/http.ts";
import type { Json, JsonObject, Reading, ReplyFormat, Turn } from "../core/request.ts";
import {
  always,
  Barriers,
  between,
  harmless,
  isBoolean,
  isEmpty,
  isString,
  oneOf,
  readElsewhere,
  unless,
  type Rules,
} from "./barriers.ts";
import { isObject, objectAt, stringAt } from "./json.ts";
import {
  optionalBoolean,
  optionalCount,
  optionalObject,
  optionalString,
  requiredObjects,
  requiredString,
  textOf,
  Unreadable,
  valueAt,
  type PartRules,
} from "./request-parts.ts";
import { readBody, type Conversation } from "./request-view.ts";

/** Every top-level parameter that is known; docs/protocols.md lists the same names. */
export const openAiParameters: Rules = new Map([
  ["model", readElsewhere],
  ["messages", readElsewhere],
  ["stream", readElsewhere],
  ["stream_options", readElsewhere],
  ["max_tokens", readElsewhere],
  ["max_completion_tokens", readElsewhere],
  ["response_format", readElsewhere],
  ["user", readElsewhere],
  ["safety_identifier", readElsewhere],
  ["metadata", readElsewhere],
  ["temperature", harmless(between(0, 2))],
  ["top_p", harmless(between(0, 1))],
  ["top_k", harmless(between(0, Number.MAX_SAFE_INTEGER))],
  ["frequency_penalty", harmless(between(-2, 2))],
  ["presence_penalty", harmless(between(-2, 2))],
  ["parallel_tool_calls", harmless(isBoolean)],
  ["prompt_cache_key", harmless(isString)],
  ["tools", unless("tools_present", isEmpty)],
  ["functions", unless("tools_present", isEmpty)],
  ["tool_choice", unless("tools_present", oneOf("none"))],
  ["function_call", unless("tools_present", oneOf("none"))],
  ["store", unless("stored_state", oneOf(false))],
  ["background", unless("stored_state", oneOf(false))],
  ["previous_response_id", always("stored_state")],
  ["conversation", always("stored_state")],
  ["prompt", always("stored_state")],
  ["modalities", unless("not_text_only", isTextAlone)],
  ["audio", always("not_text_only")],
  ["prediction", always("not_text_only")],
  ["web_search_options", always("not_text_only")],
  ["moderation", always("not_text_only")],
  ["n", unless("sampling_contract", oneOf(1))],
  ["logprobs", unless("sampling_contract", oneOf(false))],
  ["top_logprobs", unless("sampling_contract", oneOf(0))],
  ["logit_bias", unless("sampling_contract", isEmpty)],
  ["seed", always("sampling_contract")],
  ["stop", unless("sampling_contract", isEmpty)],
  ["suffix", always("sampling_contract")],
  ["echo", unless("sampling_contract", oneOf(false))],
  ["best_of", unless("sampling_contract", oneOf(1))],
  ["verbosity", unless("sampling_contract", oneOf("medium"))],
  ["reasoning_effort", unless("stateful_feature", oneOf("none"))],
  ["reasoning", always("stateful_feature")],
  ["thinking", always("stateful_feature")],
  ["service_tier", always("stateful_feature")],
  ["cache_control", always("stateful_feature")],
  ["prompt_cache_options", always("stateful_feature")],
  ["prompt_cache_retention", always("stateful_feature")],
  ["include", unless("stateful_feature", isEmpty)],
  ["container", always("stateful_feature")],
  ["context_management", always("stateful_feature")],
]);

const streamOptions: Rules = new Map([
  ["include_usage", harmless(isBoolean)],
  ["include_obfuscation", harmless(isBoolean)],
]);

const messageKeys: Rules = new Map([
  ["role", readElsewhere],
  ["content", readElsewhere],
  ["name", harmless(isString)],
  ["refusal", harmless(isString)],
  ["tool_calls", unless("tools_present", isEmpty)],
  ["tool_call_id", always("tools_present")],
  ["function_call", always("tools_present")],
  ["audio", always("not_text_only")],
  ["annotations", unless("not_text_only", isEmpty)],
  ["cache_control", always("stateful_feature")],
  ["reasoning", always("stateful_feature")],
  ["reasoning_content", always("stateful_feature")],
]);

const parts: PartRules = {
  text: new Map([
    ["type", readElsewhere],
    ["text", readElsewhere],
    ["cache_control", always("stateful_feature")],
    ["prompt_cache_breakpoint", always("stateful_feature")],
  ]),
  barrierOf: (type) => (type === "refusal" ? null : "not_text_only"),
};

/** Betas of OpenAI's other interfaces, which some clients announce on every call. */
const otherBetas = /^(?:assistants|realtime|chatkit_beta|responses_multi_agent)=/;

/** The view of a Chat Completions body, or `body_unreadable`. */
export function readOpenAiChat(body: Buffer, headers: HeaderLines): Reading {
  return readBody("openai-chat", body, (object) => {
    const barriers = new Barriers();
    barriers.check(object, openAiParameters);
    barriers.add(betaBarrier(headers));
    return {
      conversation: conversationOf(object, barriers),
      includeUsage: includesUsage(object, barriers),
      format: formatOf(valueAt(object, "response_format"), barriers),
      maxTokens:
        optionalCount(object, "max_completion_tokens") ?? optionalCount(object, "max_tokens"),
      user: optionalString(object, "user") ?? optionalString(object, "safety_identifier"),
      metadataUserId: stringAt(optionalObject(object, "metadata") ?? {}, "user_id") ?? null,
      barriers,
    };
  });
}

function betaBarrier(headers: HeaderLines): "stateful_feature" | null {
  const betas = headerValues(headers, "openai-beta").flatMap((value) => value.split(","));
  return betas.every((beta) => otherBetas.test(beta.trim())) ? null : "stateful_feature";
}

function includesUsage(object: JsonObject, barriers: Barriers): boolean {
  const options = optionalObject(object, "stream_options") ?? {};
  barriers.check(options, streamOptions);
  return optionalBoolean(object, "stream") && options["include_usage"] === true;
}

function conversationOf(object: JsonObject, barriers: Barriers): Conversation {
  const systems: string[] = [];
  const turns: Turn[] = [];
  const messages = requiredObjects(object, "messages");
  for (const message of messages) {
    barriers.check(message, messageKeys);
    const role = requiredString(message, "role");
    const text = contentOf(message, role, barriers);
    if (role === "system" || role === "developer") systems.push(text);
    else if (role === "user" || role === "assistant") turns.push({ role, text });
    else if (role === "tool" || role === "function") barriers.add("tools_present");
    else throw new Unreadable("role");
  }
  return { systems, turns, endsWithUser: messages.at(-1)?.["role"] === "user" };
}

/** An assistant that called tools or refused has no content, and a function may have given none. */
function contentOf(message: JsonObject, role: string, barriers: Barriers): string {
  const content = valueAt(message, "content");
  const mayBeEmpty = role === "assistant" || role === "function";
  return content === null && mayBeEmpty ? "" : textOf(content, parts, barriers);
}

function formatOf(value: Json, barriers: Barriers): ReplyFormat {
  if (value === null) return { kind: "text" };
  const object = isObject(value) ? value : {};
  const type = stringAt(object, "type");
  if (type === "text" || type === "json_object") return { kind: type };
  const { name, schema = {} } = objectAt(object, "json_schema");
  if (type === "json_schema" && typeof name === "string" && isObject(schema)) {
    return { kind: "json_schema", name, schema };
  }
  barriers.add("parameter_unknown");
  return { kind: "text" };
}

function isTextAlone(value: Json): boolean {
  return JSON.stringify(value) === '["text"]';
}
