/** Reads an OpenAI Chat Completions request as the provider would, refusals included. */

import type { Ask, OutputFormat, Refusal, Tool, ToolChoice } from "./ask.ts";
import { allText, lastText, objectAt, textOf } from "./content.ts";
import { isObject, numberOf, objectsOf, stringOf, stringsOf } from "./json.ts";
import type { JsonObject } from "./json.ts";
import { countTokens } from "./tokens.ts";

const SYSTEM_ROLES = ["system", "developer"];
const MAX_CHOICES = 128;

export function refuseChat(body: JsonObject): Refusal | undefined {
  if (stringOf(body["model"]) === undefined) {
    return refusal("you must provide a model parameter", null);
  }
  const messages = objectsOf(body["messages"]);
  if (messages.length === 0) {
    return refusal("Missing required parameter: 'messages'.", "messages");
  }
  if (isObject(body["stream_options"]) && body["stream"] !== true) {
    return refusal(
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
      "stream_options",
    );
  }
  const choices = numberOf(body["n"]) ?? 1;
  if (choices < 1 || choices > MAX_CHOICES || !Number.isInteger(choices)) {
    return refusal(`Invalid 'n': integer outside 1 to ${MAX_CHOICES}.`, "n");
  }
  return undefined;
}

export function readChat(body: JsonObject): Ask {
  const messages = objectsOf(body["messages"]);
  const last = messages.at(-1);
  const tools = readTools(body);
  return {
    model: stringOf(body["model"]) ?? "",
    system: allText(messages, SYSTEM_ROLES),
    text: lastText(messages, "user"),
    user: stringOf(body["user"]),
    tools,
    toolChoice: readToolChoice(body, tools),
    toolResult:
      last?.["role"] === "tool" || last?.["role"] === "function"
        ? textOf(last["content"])
        : undefined,
    maxTokens: numberOf(body["max_completion_tokens"]) ?? numberOf(body["max_tokens"]),
    stop: stringsOf(body["stop"]),
    format: readFormat(objectAt(body, "response_format")),
    choices: numberOf(body["n"]) ?? 1,
    promptTokens: promptTokens(messages, tools),
  };
}

function readTools(body: JsonObject): readonly Tool[] {
  const wrapped = objectsOf(body["tools"]).map((tool) => objectAt(tool, "function"));
  const functions = [...wrapped, ...objectsOf(body["functions"])];
  return functions
    .map((tool) => ({
      name: stringOf(tool["name"]) ?? "",
      parameters: objectAt(tool, "parameters"),
    }))
    .filter((tool) => tool.name !== "");
}

function readToolChoice(body: JsonObject, tools: readonly Tool[]): ToolChoice {
  if (tools.length === 0) return "none";
  const choice = body["tool_choice"] ?? body["function_call"];
  if (choice === "none" || choice === "required") return choice;
  if (!isObject(choice)) return "auto";
  const name = stringOf(objectAt(choice, "function")["name"]) ?? stringOf(choice["name"]);
  return name === undefined ? "auto" : { name };
}

function readFormat(format: JsonObject): OutputFormat {
  if (format["type"] === "json_object") return { schema: null };
  if (format["type"] !== "json_schema") return undefined;
  return { schema: objectAt(objectAt(format, "json_schema"), "schema") };
}

/** Three tokens a message and three for the reply's start, as the provider counts. */
function promptTokens(messages: readonly JsonObject[], tools: readonly Tool[]): number {
  const spoken = messages.map((message) => 3 + countTokens(textOf(message["content"])));
  const declared = tools.map((tool) => countTokens(tool.name + JSON.stringify(tool.parameters)));
  return [...spoken, ...declared].reduce((sum, tokens) => sum + tokens, 3);
}

function refusal(message: string, param: string | null): Refusal {
  return { status: 400, message, param };
}
