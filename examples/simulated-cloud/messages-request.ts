/** Reads an Anthropic Messages request as the provider would, refusals included. */

import type { Ask, OutputFormat, Refusal, Tool, ToolChoice } from "./ask.ts";
import { lastText, objectAt, textOf } from "./content.ts";
import { numberOf, objectsOf, stringOf, stringsOf } from "./json.ts";
import type { JsonObject } from "./json.ts";
import { countTokens } from "./tokens.ts";

/** `counting` calls (`/v1/messages/count_tokens`) need no `max_tokens`. */
export function refuseMessages(
  body: JsonObject,
  version: unknown,
  counting: boolean,
): Refusal | undefined {
  if (version === undefined) return refusal("anthropic-version: header is required");
  if (stringOf(body["model"]) === undefined) return refusal("model: Field required");
  if (!counting && numberOf(body["max_tokens"]) === undefined) {
    return refusal("max_tokens: Field required");
  }
  const messages = objectsOf(body["messages"]);
  if (messages.length === 0) return refusal("messages: at least one message is required");
  const stranger = messages.findIndex(({ role }) => role !== "user" && role !== "assistant");
  if (stranger >= 0) {
    return refusal(`messages.${stranger}.role: Input should be 'user' or 'assistant'`);
  }
  return undefined;
}

export function readMessages(body: JsonObject): Ask {
  const messages = objectsOf(body["messages"]);
  const tools = readTools(body);
  const system = textOf(body["system"]);
  return {
    model: stringOf(body["model"]) ?? "",
    system,
    text: lastText(messages, "user"),
    user: stringOf(objectAt(body, "metadata")["user_id"]),
    tools,
    toolChoice: readToolChoice(body, tools),
    toolResult: readToolResult(messages.at(-1)),
    maxTokens: numberOf(body["max_tokens"]),
    stop: stringsOf(body["stop_sequences"]),
    format: readFormat(objectAt(objectAt(body, "output_config"), "format")),
    choices: 1,
    promptTokens: promptTokens(system, messages, tools),
  };
}

function readTools(body: JsonObject): readonly Tool[] {
  return objectsOf(body["tools"])
    .map((tool) => ({
      name: stringOf(tool["name"]) ?? "",
      parameters: objectAt(tool, "input_schema"),
    }))
    .filter((tool) => tool.name !== "");
}

function readToolChoice(body: JsonObject, tools: readonly Tool[]): ToolChoice {
  if (tools.length === 0) return "none";
  const choice = objectAt(body, "tool_choice");
  const name = stringOf(choice["name"]);
  if (choice["type"] === "tool" && name !== undefined) return { name };
  if (choice["type"] === "any") return "required";
  return choice["type"] === "none" ? "none" : "auto";
}

function readToolResult(last: JsonObject | undefined): string | undefined {
  const result = objectsOf(last?.["content"]).find(({ type }) => type === "tool_result");
  return result === undefined ? undefined : textOf(result["content"]);
}

function readFormat(format: JsonObject): OutputFormat {
  return format["type"] === "json_schema" ? { schema: objectAt(format, "schema") } : undefined;
}

function promptTokens(
  system: string,
  messages: readonly JsonObject[],
  tools: readonly Tool[],
): number {
  const spoken = messages.map((message) => 3 + countTokens(textOf(message["content"])));
  const declared = tools.map((tool) => countTokens(tool.name + JSON.stringify(tool.parameters)));
  return [...spoken, ...declared].reduce((sum, tokens) => sum + tokens, countTokens(system) + 4);
}

function refusal(message: string): Refusal {
  return { status: 400, message, param: null };
}
