/** OpenAI Responses: `POST /v1/responses`, the full form of text and function-call replies, JSON and events. */

import type { Ask, OutputFormat, Tool, ToolChoice } from "./ask.ts";
import { complete } from "./completion.ts";
import type { Completion } from "./completion.ts";
import { allText, lastText, objectAt } from "./content.ts";
import { errorReply } from "./error-reply.ts";
import { isObject, numberOf, objectsOf, stringOf } from "./json.ts";
import type { JsonObject } from "./json.ts";
import { openAiHeaders } from "./provider-headers.ts";
import { identifier } from "./random.ts";
import { jsonReply, streamReply } from "./reply.ts";
import type { CallContext, Reply } from "./reply.ts";
import { responseFrames } from "./responses-stream.ts";
import { countTokens } from "./tokens.ts";

export function answerResponses(body: JsonObject, context: CallContext): Reply {
  if (stringOf(body["model"]) === undefined || body["input"] === undefined) {
    const param = body["input"] === undefined ? "input" : "model";
    const message = `Missing required parameter: '${param}'.`;
    return errorReply("openai", { status: 400, message, param }, context);
  }
  const ask = readResponses(body);
  const completion = complete(ask, context);
  const headers = openAiHeaders(context, ask.promptTokens);
  const response = responseOf(body, { ask, completion, context });
  if (body["stream"] !== true) return jsonReply(200, headers, response, completion.tokens);
  return streamReply(headers, responseFrames(response, completion));
}

function readResponses(body: JsonObject): Ask {
  const items = objectsOf(body["input"]);
  const last = items.at(-1);
  const system = [stringOf(body["instructions"]) ?? "", allText(items, ["system", "developer"])];
  const text = stringOf(body["input"]) ?? lastText(items, "user");
  const tools = readTools(body);
  return {
    model: stringOf(body["model"]) ?? "",
    system: system.join("\n").trim(),
    text,
    user: stringOf(body["user"]),
    tools,
    toolChoice: readToolChoice(body, tools),
    toolResult:
      last?.["type"] === "function_call_output" ? (stringOf(last["output"]) ?? "") : undefined,
    maxTokens: numberOf(body["max_output_tokens"]),
    stop: [],
    format: readFormat(objectAt(objectAt(body, "text"), "format")),
    choices: 1,
    promptTokens: countTokens(system.join("\n") + JSON.stringify(body["input"])) + 3,
  };
}

function readTools(body: JsonObject): readonly Tool[] {
  return objectsOf(body["tools"])
    .filter(({ type }) => type === "function")
    .map((tool) => ({
      name: stringOf(tool["name"]) ?? "",
      parameters: objectAt(tool, "parameters"),
    }));
}

function readToolChoice(body: JsonObject, tools: readonly Tool[]): ToolChoice {
  const choice = body["tool_choice"];
  if (tools.length === 0 || choice === "none") return "none";
  if (choice === "required") return choice;
  const name = isObject(choice) ? stringOf(choice["name"]) : undefined;
  return name === undefined ? "auto" : { name };
}

function readFormat(format: JsonObject): OutputFormat {
  if (format["type"] === "json_object") return { schema: null };
  return format["type"] === "json_schema" ? { schema: objectAt(format, "schema") } : undefined;
}

interface Parts {
  readonly ask: Ask;
  readonly completion: Completion;
  readonly context: CallContext;
}

function responseOf(body: JsonObject, parts: Parts): JsonObject {
  const { completion, context } = parts;
  const cut = completion.finish === "length";
  const nowS = Math.floor(Date.now() / 1000);
  return {
    id: `resp_${identifier(48, "response", context.seed, context.number)}`,
    object: "response",
    created_at: nowS,
    completed_at: cut ? null : nowS,
    status: cut ? "incomplete" : "completed",
    error: null,
    incomplete_details: cut ? { reason: "max_output_tokens" } : null,
    ...echoOf(body),
    output: outputOf(parts),
    usage: usageOf(parts),
  };
}

/** The request's own parameters, with the provider's defaults where the caller gave none. */
function echoOf(body: JsonObject): JsonObject {
  const defaults: JsonObject = {
    instructions: null,
    max_output_tokens: null,
    max_tool_calls: null,
    model: "",
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: true,
    temperature: 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    top_logprobs: 0,
    text: { format: { type: "text" } },
    tool_choice: "auto",
    tools: [],
    top_p: 1,
    truncation: "disabled",
    background: false,
    service_tier: "default",
    safety_identifier: null,
    prompt_cache_key: null,
    user: null,
    metadata: {},
  };
  const given = Object.keys(defaults).filter((name) => body[name] !== undefined);
  return { ...defaults, ...Object.fromEntries(given.map((name) => [name, body[name]])) };
}

function outputOf({ completion, context }: Parts): readonly JsonObject[] {
  const part = { type: "output_text", text: completion.text, annotations: [], logprobs: [] };
  if (completion.toolCalls.length === 0) {
    const id = `msg_${identifier(48, "item", context.seed, context.number)}`;
    const status = completion.finish === "length" ? "incomplete" : "completed";
    return [{ id, type: "message", status, role: "assistant", content: [part] }];
  }
  return completion.toolCalls.map((call, index) => ({
    id: `fc_${identifier(48, "item", context.seed, context.number, index)}`,
    type: "function_call",
    status: "completed",
    arguments: call.arguments,
    call_id: `call_${identifier(24, "call", context.seed, context.number, index)}`,
    name: call.name,
  }));
}

function usageOf({ ask, completion }: Parts): JsonObject {
  return {
    input_tokens: ask.promptTokens,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: completion.tokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: ask.promptTokens + completion.tokens,
  };
}
